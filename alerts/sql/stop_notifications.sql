-- Stops everything of these alerts that isn't confirmed, claimed rows too. $1 alert ids text[], $2 now timestamptz.
-- Relies on notification_alert.
UPDATE notification SET state = 'stopped', settled_at = $2
WHERE alert_id = ANY($1::text[]) AND state IN ('pending', 'leased')
