-- Forgets an alert that never fired: nobody was told and it has no history. $1 id text. Relies on alert_pkey.
DELETE FROM alert WHERE id = $1 AND state = 'pending'
