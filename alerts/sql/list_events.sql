-- What happened to these alerts, oldest first. $1 alert ids text[]. Relies on alert_event_alert.
SELECT * FROM alert_event WHERE alert_id = ANY($1::text[]) ORDER BY id
