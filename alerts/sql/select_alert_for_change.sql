-- One alert, locked until the transaction ends. $1 id text. Relies on alert_pkey.
SELECT * FROM alert WHERE id = $1 FOR NO KEY UPDATE
