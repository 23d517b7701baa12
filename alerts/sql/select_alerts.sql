-- These alerts. $1 ids text[]. Relies on alert_pkey.
SELECT * FROM alert WHERE id = ANY($1::text[])
