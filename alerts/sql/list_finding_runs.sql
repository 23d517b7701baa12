-- Runs of findings that reach into a time, by their start. $1 since, $2 until, exclusive; timestamptz.
-- Relies on finding_run_ended.
SELECT * FROM finding_run WHERE ended_at >= $1 AND started_at < $2 ORDER BY started_at, series, rule
