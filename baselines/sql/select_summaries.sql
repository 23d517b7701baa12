-- All baselines for the list, oldest first.
SELECT baseline.name, baseline.environment, baseline.release, baseline.captured_by, baseline.started_at,
       baseline.finished_at, baseline.active, baseline.approved_by, baseline.approved_at, baseline.expires_at,
       baseline.forced_because, baseline.forced_against, parent.name AS extends,
       count(DISTINCT session.id) AS sessions, count(DISTINCT samples.series_id) AS series
FROM baseline
LEFT JOIN baseline AS parent ON parent.id = baseline.extends_id
LEFT JOIN capture_session AS session ON session.baseline_id = baseline.id
LEFT JOIN capture_samples AS samples ON samples.session_id = session.id
GROUP BY baseline.id, parent.name
ORDER BY baseline.started_at, baseline.id
