-- The calls of one series between two instants that are worth a look: those that failed, then the slowest.
-- $1 series name text, $2 start timestamptz, $3 end timestamptz, $4 how many at most integer. Skipped runs (states from
-- 1024 on) are none. Relies on sample_head_series, the chunk's primary key and pruning by hour.
SELECT sample.started_at, sample.value, sample.state, sample.correlation_id
FROM series
CROSS JOIN LATERAL (
    SELECT started_at, value, state, correlation_id
    FROM sample_head WHERE series_id = series.id AND started_at >= $2 AND started_at <= $3
    UNION ALL
    SELECT chunk.hour + make_interval(secs => one.offset_ms / 1000.0), one.value, one.state,
           coalesce(chunk.ids ->> one.offset_ms::text, '')
    FROM sample_chunk AS chunk
    CROSS JOIN LATERAL unnest(chunk.offset_ms, chunk.value, chunk.state) AS one (offset_ms, value, state)
    WHERE chunk.series_id = series.id AND chunk.hour >= date_trunc('hour', $2, 'UTC') AND chunk.hour <= $3
) AS sample
WHERE series.name = $1 AND sample.state < 1024 AND sample.started_at BETWEEN $2 AND $3
ORDER BY sample.state > 0 DESC, sample.value DESC NULLS FIRST, sample.started_at
LIMIT $4
