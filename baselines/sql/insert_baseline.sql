-- A baseline's head; returns its id. Active where asked for and the environment has no active one yet.
-- $1 name, $2 environment, $3 release, $4 captured_by text; $5 started_at, $6 finished_at timestamptz;
-- $7 name of the baseline it extends text or NULL; $8 asked for boolean; $9 approved by text, $10 approved at,
-- $11 expires at timestamptz, $12 forced because text, $13 forced against text[]: its approval, or NULL.
-- Relies on baseline_name_key and baseline_active.
INSERT INTO baseline (
    name, environment, release, captured_by, started_at, finished_at, extends_id, active,
    approved_by, approved_at, expires_at, forced_because, forced_against
)
SELECT $1, $2, $3, $4, $5, $6, (SELECT id FROM baseline WHERE name = $7),
       $8 AND $7::text IS NULL AND NOT EXISTS (SELECT FROM baseline WHERE environment = $2 AND active),
       $9, $10, $11, $12, $13
RETURNING id
