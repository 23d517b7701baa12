-- The phases of a series in each session of the active baseline, as JSON text. $1 environment text, $2 series name text.
-- Relies on baseline_active, capture_session_baseline_id_number_key and capture_samples_pkey.
SELECT samples.evidence -> 'phases' AS phases
FROM baseline
JOIN capture_session AS session ON session.baseline_id = baseline.id
JOIN capture_samples AS samples ON samples.session_id = session.id
JOIN series ON series.id = samples.series_id
WHERE baseline.environment = $1 AND baseline.active AND series.name = $2 AND samples.evidence IS NOT NULL
