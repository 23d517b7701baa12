-- What any statement takes.
SELECT 1
