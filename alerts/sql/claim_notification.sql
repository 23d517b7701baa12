-- Claims the message of a channel that is due longest: one never tried, one to be tried again, or one whose lease
-- lapsed unconfirmed. $1 channel text, $2 now timestamptz, $3 instance text, $4 lease until timestamptz.
-- Relies on notification_queue.
UPDATE notification
SET state = 'leased', leased_by = $3, lease_until = $4, attempts = attempts + 1
WHERE id = (
    SELECT id
    FROM notification
    WHERE channel = $1
        AND state IN ('pending', 'leased')
        AND due_at <= $2
        AND (state = 'pending' OR lease_until <= $2)
    ORDER BY due_at, id
    LIMIT 1
    FOR UPDATE SKIP LOCKED
)
RETURNING *
