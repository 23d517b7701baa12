-- Confirms a delivery, for the latest claims only: returns the ids, and no row where the lease went to another. What was
-- stopped while it was on its way is delivered all the same. $1 ids bigint[], $2 attempts integer[] in the same order,
-- $3 instance text, $4 now timestamptz. Relies on notification_pkey.
UPDATE notification
SET state = 'delivered', settled_at = $4, last_error = '', lease_until = NULL
FROM unnest($1::bigint[], $2::integer[]) AS held (id, attempts)
WHERE
    notification.id = held.id
    AND notification.attempts = held.attempts
    AND leased_by = $3
    AND state IN ('leased', 'stopped')
RETURNING notification.id
