-- What happened in a deployment, in order. $1 deployment_id integer. Relies on deployment_event_pkey.
SELECT number, at, kind, by, phase, source, detail FROM deployment_event WHERE deployment_id = $1 ORDER BY number
