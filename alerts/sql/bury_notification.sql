-- Lays a message with the dead letters, for the latest claim only: returns the id, else no row. $1 id bigint,
-- $2 instance text, $3 attempt integer, $4 now timestamptz, $5 error text, redacted. Relies on notification_pkey.
UPDATE notification
SET state = 'dead', settled_at = $4, last_error = $5
WHERE id = $1 AND leased_by = $2 AND attempts = $3 AND state = 'leased'
RETURNING id
