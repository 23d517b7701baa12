-- Takes in a notification that was queued or settled without the store; one that anybody delivered stays so.
-- $1 to $11 as in insert_notification, $12 state text, $13 attempts integer, $14 settled timestamptz or null, $15 error
-- text, $16 fallen timestamptz or null. Relies on notification_key_key.
INSERT INTO notification (
    key, alert_id, channel, origin, reason, occurrence, step, group_key, fallbacks, due_at, deadline_at, state,
    attempts, settled_at, last_error, fallen_at
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
ON CONFLICT (key) DO UPDATE SET
    state = EXCLUDED.state,
    attempts = greatest(notification.attempts, EXCLUDED.attempts),
    settled_at = EXCLUDED.settled_at,
    last_error = EXCLUDED.last_error,
    fallen_at = coalesce(notification.fallen_at, EXCLUDED.fallen_at),
    leased_by = NULL,
    lease_until = NULL
WHERE
    EXCLUDED.state = 'delivered'
    OR (notification.state IN ('pending', 'leased') AND EXCLUDED.state IN ('stopped', 'dead'))
