-- One alert. $1 id text. Relies on alert_pkey.
SELECT * FROM alert WHERE id = $1
