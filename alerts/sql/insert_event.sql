-- Adds a line to an alert's history. $1 alert id text, $2 at timestamptz, $3 event text, $4 tier text,
-- $5 channel text or null, $6 by text or null, $7 detail text.
INSERT INTO alert_event (alert_id, at, event, tier, channel, by, detail) VALUES ($1, $2, $3, $4, $5, $6, $7)
