-- Alerts in any of these states, the newest first. $1 states text[], $2 limit integer. Relies on alert_opened.
SELECT * FROM alert WHERE state = ANY($1::text[]) ORDER BY opened_at DESC, id LIMIT $2
