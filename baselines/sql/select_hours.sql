-- The hours of every series since an instant in arrays, a row a series: closed ones out of the rollups, the running one out
-- of the head. An hour of which samples came late has two entries. $1 series names text[], $2 start timestamptz.
-- Relies on the primary key of the rollups' partitions and on sample_head_started.
WITH hours AS (
    SELECT rollup.series_id, rollup.hour, rollup.n, rollup.failed, rollup.median
    FROM series JOIN sample_rollup AS rollup ON rollup.series_id = series.id
    WHERE series.name = ANY ($1::text[]) AND rollup.hour >= $2
    UNION ALL
    SELECT series_id, date_trunc('hour', started_at, 'UTC'),
           count(*) FILTER (WHERE state < 1024)::integer,
           count(*) FILTER (WHERE state BETWEEN 1 AND 1023)::integer,
           percentile_disc(0.5) WITHIN GROUP (ORDER BY value) FILTER (WHERE state = 0 AND NOT disturbed)
    FROM sample_head WHERE started_at >= $2
    GROUP BY 1, 2
)
SELECT series.name, array_agg(hours.hour) AS hours, array_agg(hours.n) AS n, array_agg(hours.failed) AS failed,
       array_agg(hours.median) AS medians
FROM hours JOIN series ON series.id = hours.series_id
WHERE series.name = ANY ($1::text[])
GROUP BY series.name
