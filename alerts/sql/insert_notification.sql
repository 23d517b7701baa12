-- Queues a notification once: its id, and no row where its key is queued already. $1 key text, $2 alert id text,
-- $3 channel text, $4 origin text, $5 reason text, $6 occurrence integer, $7 step integer, $8 group text,
-- $9 fallbacks text[], $10 due timestamptz, $11 deadline timestamptz. Relies on notification_key_key.
INSERT INTO notification
    (key, alert_id, channel, origin, reason, occurrence, step, group_key, fallbacks, due_at, deadline_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (key) DO NOTHING
RETURNING id
