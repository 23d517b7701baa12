-- The sessions of a baseline and of those that extend it, with their samples, in the order of time.
-- $1 baseline id integer. Relies on capture_session_baseline_id_number_key and capture_samples_pkey.
SELECT session.id, session.started_at, session.finished_at, session.conditions, session.levels,
       series.name, series.unit, series.direction, series.cadence_seconds, series.route,
       samples.value, samples.timed_out, samples.cold_value, samples.cold_timed_out, samples.plan, samples.evidence
FROM baseline
JOIN capture_session AS session ON session.baseline_id = baseline.id
JOIN capture_samples AS samples ON samples.session_id = session.id
JOIN series ON series.id = samples.series_id
WHERE baseline.id = $1 OR baseline.extends_id = $1
ORDER BY session.started_at, session.id, series.name
