-- The samples of one series in figures, a row for each stretch of time that has any, in the order of time.
-- $1 series name text, $2 start (the stretches are counted from it), $3 end (not included) timestamptz, $4 length interval.
-- States from 1024 on are runs that were skipped. Relies on sample_head_series, the chunk's primary key and pruning by hour.
SELECT date_bin($4::interval, sample.started_at, $2) AS at,
       count(*) FILTER (WHERE state < 1024)::integer AS n,
       count(*) FILTER (WHERE state BETWEEN 1 AND 1023)::integer AS failed,
       percentile_cont(ARRAY[0.2, 0.5, 0.95]) WITHIN GROUP (ORDER BY value) FILTER (WHERE state = 0 AND NOT disturbed) AS figures,
       max(value) FILTER (WHERE state = 0 AND NOT disturbed) AS maximum
FROM series
CROSS JOIN LATERAL (
    SELECT started_at, value, state, disturbed
    FROM sample_head WHERE series_id = series.id AND started_at >= $2 AND started_at < $3
    UNION ALL
    SELECT chunk.hour + make_interval(secs => one.offset_ms / 1000.0), one.value, one.state, one.disturbed
    FROM sample_chunk AS chunk
    CROSS JOIN LATERAL unnest(chunk.offset_ms, chunk.value, chunk.state, chunk.disturbed)
        AS one (offset_ms, value, state, disturbed)
    WHERE chunk.series_id = series.id AND chunk.hour >= date_trunc('hour', $2, 'UTC') AND chunk.hour < $3
      AND chunk.hour + make_interval(secs => one.offset_ms / 1000.0) >= $2
      AND chunk.hour + make_interval(secs => one.offset_ms / 1000.0) < $3
) AS sample
WHERE series.name = $1
GROUP BY 1
ORDER BY 1
