-- Everything that happened to all alerts in a time, oldest first. $1 since, $2 until, exclusive; timestamptz.
-- Relies on alert_event_at.
SELECT * FROM alert_event WHERE at >= $1 AND at < $2 ORDER BY at, id
