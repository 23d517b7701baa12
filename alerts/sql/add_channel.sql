-- Notes that a channel is told of an alert, so that it hears of the end. $1 alert id text, $2 channel text.
-- Relies on alert_pkey.
UPDATE alert SET channels = array_append(channels, $2) WHERE id = $1 AND NOT $2 = ANY(channels)
