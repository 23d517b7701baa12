-- Claims what the next message of a channel tells: the notification that is due, urgent ones first, then the one due
-- longest; and with it, as far as the scope allows, those as urgent that are due or still wait for others. One whose
-- lease lapsed unconfirmed is due again; one of an alert that the channel is being told of at this moment is not.
-- $1 channel text, $2 now timestamptz, $3 instance text, $4 lease until timestamptz, $5 scope text,
-- $6 reasons that are not urgent text[]. Relies on notification_queue, notification_alert.
WITH claimable AS (
    SELECT one.id, one.group_key, one.due_at, one.attempts, one.reason = ANY($6::text[]) AS can_wait
    FROM notification AS one
    WHERE
        one.channel = $1
        AND (one.state = 'pending' OR (one.state = 'leased' AND one.lease_until <= $2))
        AND NOT EXISTS (
            SELECT 1 FROM notification AS other
            WHERE
                other.alert_id = one.alert_id
                AND other.channel = one.channel
                AND other.id <> one.id
                AND other.lease_until > $2
                AND other.state IN ('leased', 'stopped')
        )
),

head AS (
    SELECT notification.id, claimable.group_key, claimable.can_wait
    FROM claimable
    INNER JOIN notification ON notification.id = claimable.id
    WHERE
        claimable.due_at <= $2
        AND notification.state IN ('pending', 'leased')
        AND (notification.state = 'pending' OR notification.lease_until <= $2)
    ORDER BY claimable.can_wait, claimable.due_at, notification.id
    LIMIT 1
    FOR UPDATE OF notification SKIP LOCKED
),

mates AS (
    SELECT notification.id
    FROM claimable
    INNER JOIN head ON claimable.can_wait = head.can_wait AND claimable.id <> head.id
    INNER JOIN notification ON notification.id = claimable.id
    WHERE
        ($5 = 'all' OR ($5 = 'cause' AND claimable.group_key = head.group_key))
        AND (claimable.due_at <= $2 OR claimable.attempts = 0)
        AND notification.state IN ('pending', 'leased')
        AND (notification.state = 'pending' OR notification.lease_until <= $2)
    FOR UPDATE OF notification SKIP LOCKED
)

UPDATE notification
SET state = 'leased', leased_by = $3, lease_until = $4, attempts = attempts + 1
WHERE id IN (SELECT id FROM head UNION ALL SELECT id FROM mates)
RETURNING
    *,
    NOT EXISTS (
        SELECT 1 FROM notification AS earlier
        WHERE
            earlier.alert_id = notification.alert_id
            AND earlier.channel = notification.channel
            AND earlier.state = 'delivered'
    ) AS is_first
