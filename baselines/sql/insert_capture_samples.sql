-- The samples of one series in one session, values in the series' base unit, NULL for a failed call.
-- $1 session id, $2 series id integer; $3 values, $5 cold values double precision[]; $4, $6 timed out boolean[];
-- $7 plan text[] or NULL; $8 evidence as JSON text or NULL.
INSERT INTO capture_samples (session_id, series_id, value, timed_out, cold_value, cold_timed_out, plan, evidence)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb)
