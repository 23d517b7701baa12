-- The closed hours of one series since an instant, in the order of time.
-- $1 series name text, $2 start timestamptz. Relies on the primary key of the partitions and on their pruning by hour.
SELECT rollup.hour AS at, rollup.n, rollup.failed, rollup.p20, rollup.median, rollup.p95, rollup.maximum
FROM series JOIN sample_rollup AS rollup ON rollup.series_id = series.id
WHERE series.name = $1 AND rollup.hour >= $2
ORDER BY rollup.hour
