-- Gives a failed message back to be tried again, for the latest claim only: returns the id, else no row. $1 id bigint,
-- $2 instance text, $3 attempt integer, $4 due timestamptz, $5 error text, redacted. Relies on notification_pkey.
UPDATE notification
SET state = 'pending', due_at = $4, last_error = $5, leased_by = NULL, lease_until = NULL
WHERE id = $1 AND leased_by = $2 AND attempts = $3 AND state = 'leased'
RETURNING id
