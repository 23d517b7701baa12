-- Stops everything of an alert that isn't confirmed, claimed rows too. $1 alert id text, $2 now timestamptz.
-- Relies on notification_alert.
UPDATE notification SET state = 'stopped', settled_at = $2 WHERE alert_id = $1 AND state IN ('pending', 'leased')
