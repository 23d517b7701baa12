-- The hourly figures of some series since an instant, in the order of time; the running hour has none yet.
-- $1 series names text[], $2 start timestamptz. Relies on the primary key of the partitions and on their pruning by hour.
SELECT series.name, rollup.hour, rollup.n, rollup.failed, rollup.p20, rollup.median
FROM series JOIN sample_rollup AS rollup ON rollup.series_id = series.id
WHERE series.name = ANY ($1::text[]) AND rollup.hour >= $2
ORDER BY series.name, rollup.hour
