-- Adds a line of history that was written without the store, once. $1 alert id text, $2 at timestamptz, $3 event text,
-- $4 tier text, $5 channel text or null, $6 by text or null, $7 detail text. Relies on alert_event_alert.
INSERT INTO alert_event (alert_id, at, event, tier, channel, by, detail)
SELECT $1::text, $2::timestamptz, $3::text, $4::text, $5::text, $6::text, $7::text
WHERE
    NOT EXISTS (
        SELECT 1 FROM alert_event
        WHERE
            alert_id = $1
            AND at = $2
            AND event = $3
            AND channel IS NOT DISTINCT FROM $5
            AND by IS NOT DISTINCT FROM $6
    )
