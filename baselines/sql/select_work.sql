-- How much was measured in each closed hour since an instant, all series together, in the order of time.
-- $1 start timestamptz. Relies on pruning of the rollups by hour.
SELECT hour, sum(n)::bigint AS n, sum(failed)::bigint AS failed, sum(disturbed)::bigint AS disturbed,
       count(*) AS series
FROM sample_rollup WHERE hour >= $1
GROUP BY hour ORDER BY hour
