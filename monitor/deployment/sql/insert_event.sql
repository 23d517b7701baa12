-- Adds an event behind the others; returns its number, or nothing where one of its source is kept already.
-- $1 deployment_id integer, $2 at timestamptz, $3 kind text, $4 by text, $5 phase text, $6 source text or NULL,
-- $7 detail json. Whoever adds holds the deployment's row locked.
INSERT INTO deployment_event (deployment_id, number, at, kind, by, phase, source, detail)
SELECT $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5, $6, $7 FROM deployment_event WHERE deployment_id = $1
ON CONFLICT ON CONSTRAINT deployment_event_source DO NOTHING
RETURNING number
