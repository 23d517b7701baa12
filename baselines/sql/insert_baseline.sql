-- A baseline's head; returns its id. Active where asked for and the environment has no active one yet.
-- $1 name, $2 environment, $3 release, $4 captured_by text; $5 started_at, $6 finished_at timestamptz;
-- $7 name of the baseline it extends text or NULL. Relies on baseline_name_key and baseline_active.
INSERT INTO baseline (name, environment, release, captured_by, started_at, finished_at, extends_id, active)
SELECT $1, $2, $3, $4, $5, $6, (SELECT id FROM baseline WHERE name = $7),
       $7::text IS NULL AND NOT EXISTS (SELECT FROM baseline WHERE environment = $2 AND active)
RETURNING id
