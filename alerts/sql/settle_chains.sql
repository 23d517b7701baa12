-- What these delivered notifications say was also to be told by others, on the way from one channel to its fallbacks:
-- nobody tries that any more. $1 ids of the delivered bigint[], $2 now timestamptz. Relies on notification_alert.
UPDATE notification
SET state = CASE WHEN notification.fallen_at IS NULL THEN 'stopped' ELSE 'dead' END, settled_at = $2
FROM notification AS told
WHERE
    told.id = ANY($1::bigint[])
    AND notification.alert_id = told.alert_id
    AND notification.occurrence = told.occurrence
    AND notification.step = told.step
    AND notification.reason = told.reason
    AND notification.origin = told.origin
    AND notification.id <> told.id
    AND notification.state = 'pending'
