-- The last calls of one series that failed or timed out since an instant, the newest first.
-- $1 series name text, $2 start timestamptz, $3 how many at most integer. States from 1024 on are runs that were skipped.
-- Relies on sample_head_series, the chunk's primary key and pruning by hour.
SELECT sample.started_at, sample.value, sample.state, sample.correlation_id
FROM series
CROSS JOIN LATERAL (
    SELECT started_at, value, state, correlation_id
    FROM sample_head WHERE series_id = series.id AND started_at >= $2
    UNION ALL
    SELECT chunk.hour + make_interval(secs => one.offset_ms / 1000.0), one.value, one.state,
           coalesce(chunk.ids ->> one.offset_ms::text, '')
    FROM sample_chunk AS chunk
    CROSS JOIN LATERAL unnest(chunk.offset_ms, chunk.value, chunk.state) AS one (offset_ms, value, state)
    WHERE chunk.series_id = series.id AND chunk.hour >= date_trunc('hour', $2, 'UTC')
) AS sample
WHERE series.name = $1 AND sample.state BETWEEN 1 AND 1023 AND sample.started_at >= $2
ORDER BY sample.started_at DESC
LIMIT $3
