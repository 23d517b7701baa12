-- Forgets alerts that never fired: nobody was told and they have no history. $1 ids text[]. Relies on alert_pkey.
DELETE FROM alert WHERE id = ANY($1::text[]) AND state = 'pending'
