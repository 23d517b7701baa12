-- Confirms a delivery, for the latest claim only: returns the id, and no row where the lease went to another. What was
-- stopped while it was on its way is delivered all the same. $1 id bigint, $2 instance text, $3 attempt integer,
-- $4 now timestamptz. Relies on notification_pkey.
UPDATE notification
SET state = 'delivered', settled_at = $4, last_error = ''
WHERE id = $1 AND leased_by = $2 AND attempts = $3 AND state IN ('leased', 'stopped')
RETURNING id
