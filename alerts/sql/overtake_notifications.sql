-- Stops what a channel was still to be told of an alert: a newer notification says it all. $1 alert id text,
-- $2 channel text, $3 now timestamptz, $4 key of the newer one. Relies on notification_alert.
UPDATE notification SET state = 'stopped', settled_at = $3
WHERE alert_id = $1 AND channel = $2 AND key <> $4 AND state IN ('pending', 'leased')
