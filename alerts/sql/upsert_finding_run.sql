-- Keeps a run of findings, or what it has grown to. $1 series, $2 route, $3 rule, $4 unit, $5 level text, $6 started,
-- $7 ended timestamptz, $8 evaluations integer, $9 summary text, $10 value, $11 limit double precision in base units.
-- Relies on finding_run_pkey.
INSERT INTO finding_run (
    series, route, rule, unit, level, started_at, ended_at, evaluations, summary, value, value_limit
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (series, rule, started_at) DO UPDATE SET
    ended_at = EXCLUDED.ended_at,
    evaluations = EXCLUDED.evaluations,
    summary = EXCLUDED.summary,
    value = EXCLUDED.value,
    value_limit = EXCLUDED.value_limit
