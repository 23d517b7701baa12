-- A session of a baseline; returns its id.
-- $1 baseline id, $2 number integer; $3 started_at, $4 finished_at timestamptz; $5 conditions, $6 levels as JSON text.
INSERT INTO capture_session (baseline_id, number, started_at, finished_at, conditions, levels)
VALUES ($1, $2, $3, $4, $5::jsonb, $6::jsonb)
RETURNING id
