-- The notifications of these alerts, in the order in which they were queued. $1 alert ids text[].
-- Relies on notification_alert.
SELECT * FROM notification WHERE alert_id = ANY($1::text[]) ORDER BY id
