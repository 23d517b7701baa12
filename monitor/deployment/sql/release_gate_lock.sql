-- Gives back what try_gate_lock took. $1 environment text.
SELECT pg_advisory_unlock(hashtext('portalwatch.gate'), hashtext($1))
