-- The sessions of other captures of one release, by series, oldest first.
-- $1 names of the captures whose sessions don't count text[], $2 environment, $3 release text.
SELECT series.name, samples.value, samples.timed_out
FROM baseline
JOIN capture_session AS session ON session.baseline_id = baseline.id
JOIN capture_samples AS samples ON samples.session_id = session.id
JOIN series ON series.id = samples.series_id
LEFT JOIN baseline AS parent ON parent.id = baseline.extends_id
WHERE baseline.environment = $2 AND baseline.release = $3 AND coalesce(parent.name, baseline.name) <> ALL ($1::text[])
ORDER BY series.name, session.started_at, session.id
