-- The figures of one inspection. $1 series text, $2 at timestamptz, $3 generic boolean, $4 server seconds double
-- precision, $5 rows bigint, $6 hit ratio double precision, $7 last analyze by relation, $8 settings of the planner as JSON text.
-- Relies on series_name_key.
INSERT INTO inspection (series_id, at, generic, server_seconds, rows_returned, hit_ratio, analyzed_at, settings)
SELECT id, $2, $3, $4, $5, $6, $7::jsonb, $8::jsonb FROM series WHERE name = $1
ON CONFLICT (series_id, at) DO NOTHING
