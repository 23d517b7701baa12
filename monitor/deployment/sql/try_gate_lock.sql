-- Whether nobody else is evaluating a gate of this environment; held until the connection ends or gives it back.
-- $1 environment text.
SELECT pg_try_advisory_lock(hashtext('portalwatch.gate'), hashtext($1))
