-- The samples of some series since an instant, in the order of time.
-- $1 series names text[], $2 start timestamptz, $3 end (not included) timestamptz or NULL for none.
-- Relies on sample_head_series, the chunk's primary key and partition pruning by hour.
SELECT series.name, sample.started_at, sample.value, sample.state, sample.disturbed, sample.lateness_ms,
       sample.correlation_id
FROM series
CROSS JOIN LATERAL (
    SELECT started_at, value, state, disturbed, lateness_ms, correlation_id
    FROM sample_head WHERE series_id = series.id AND started_at >= $2 AND started_at < coalesce($3::timestamptz, 'infinity')
    UNION ALL
    SELECT chunk.hour + make_interval(secs => one.offset_ms / 1000.0), one.value, one.state, one.disturbed, one.lateness_ms, ''
    FROM sample_chunk AS chunk
    CROSS JOIN LATERAL unnest(chunk.offset_ms, chunk.value, chunk.state, chunk.disturbed, chunk.lateness_ms)
        AS one (offset_ms, value, state, disturbed, lateness_ms)
    WHERE chunk.series_id = series.id
      AND chunk.hour >= date_trunc('hour', $2::timestamptz, 'UTC')
      AND chunk.hour < coalesce($3::timestamptz, 'infinity')
      AND chunk.hour + make_interval(secs => one.offset_ms / 1000.0) >= $2
      AND chunk.hour + make_interval(secs => one.offset_ms / 1000.0) < coalesce($3::timestamptz, 'infinity')
) AS sample
WHERE series.name = ANY ($1::text[])
ORDER BY series.name, sample.started_at
