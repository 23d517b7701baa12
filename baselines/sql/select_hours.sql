-- The hours of every series since an instant in arrays, a row a series: closed ones out of the rollups, the running one out
-- of the head. An hour of which samples came late has two entries. $1 series names text[], $2 start timestamptz.
-- The median of an hour in the head is that of its last twenty calls: sorting all of them would take half of the time.
-- Relies on the primary key of the rollups' partitions, on sample_head_started and on sample_head_series.
WITH hours AS (
    SELECT rollup.series_id, rollup.hour, rollup.n, rollup.failed, rollup.median
    FROM series JOIN sample_rollup AS rollup ON rollup.series_id = series.id
    WHERE series.name = ANY ($1::text[]) AND rollup.hour >= $2
    UNION ALL
    SELECT counted.series_id, counted.hour, counted.n, counted.failed, recent.median
    FROM (
        SELECT series_id, date_bin('1 hour', started_at, '2000-01-01Z') AS hour,
               count(*) FILTER (WHERE state < 1024)::integer AS n,
               count(*) FILTER (WHERE state BETWEEN 1 AND 1023)::integer AS failed
        FROM sample_head WHERE started_at >= $2
        GROUP BY 1, 2
    ) AS counted
    CROSS JOIN LATERAL (
        SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY value) AS median
        FROM (
            SELECT value FROM sample_head
            WHERE series_id = counted.series_id AND state = 0 AND NOT disturbed
              AND started_at >= counted.hour AND started_at < counted.hour + interval '1 hour'
            ORDER BY started_at DESC LIMIT 20
        ) AS last
    ) AS recent
)
SELECT series.name, array_agg(hours.hour) AS hours, array_agg(hours.n) AS n, array_agg(hours.failed) AS failed,
       array_agg(hours.median) AS medians
FROM hours JOIN series ON series.id = hours.series_id
WHERE series.name = ANY ($1::text[])
GROUP BY series.name
