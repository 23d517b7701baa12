-- Gives failed notifications back to be tried again, for the latest claims only: returns their ids. Those that were
-- stopped meanwhile stay so, and keep nobody waiting any more. $1 ids bigint[], $2 attempts integer[] in the same order,
-- $3 instance text, $4 due timestamptz[], $5 error text, redacted. Relies on notification_pkey.
UPDATE notification
SET
    state = CASE WHEN state = 'leased' THEN 'pending' ELSE state END,
    due_at = held.due_at,
    last_error = $5,
    leased_by = NULL,
    lease_until = NULL
FROM unnest($1::bigint[], $2::integer[], $4::timestamptz[]) AS held (id, attempts, due_at)
WHERE
    notification.id = held.id
    AND notification.attempts = held.attempts
    AND leased_by = $3
    AND state IN ('leased', 'stopped')
RETURNING notification.id, state
