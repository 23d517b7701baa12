-- Queues a message once: returns its id, and no row where its key is queued already. $1 key text, $2 alert id text,
-- $3 channel text, $4 reason text, $5 occurrence integer, $6 step integer, $7 fallbacks text[], $8 due timestamptz,
-- $9 deadline timestamptz. Relies on notification_key_key.
INSERT INTO notification (key, alert_id, channel, reason, occurrence, step, fallbacks, due_at, deadline_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (key) DO NOTHING
RETURNING id
