-- How many notifications are written and not yet delivered.
SELECT count(*) FROM notification WHERE state IN ('pending', 'leased')
