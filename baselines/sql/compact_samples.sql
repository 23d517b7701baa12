-- Moves closed hours from the head into chunks and renews their rollups; returns the number of samples moved.
-- $1 timestamptz: samples started before this instant (the start of an hour) are moved. Partitions must exist.
-- States from 1024 on are runs that were skipped (sample_state has the codes): neither runs nor failures.
-- Correlation ids are kept of the first ten calls of an hour that failed and of the three slowest: all would be twice the
-- rest of a chunk, and those are the ones that somebody looks into. Calls that come late have as many more.
-- Relies on sample_head_started, and on the primary keys of the partitions.
WITH moved AS (
    DELETE FROM sample_head WHERE started_at < $1 RETURNING *
), sample AS (
    SELECT moved.*, hour, (EXTRACT(epoch FROM started_at - hour) * 1000)::integer AS offset_ms,
           CASE WHEN state = 0 THEN row_number() OVER (PARTITION BY series_id, hour, state ORDER BY value DESC) <= 3
                ELSE failed AND row_number() OVER (PARTITION BY series_id, hour, failed ORDER BY started_at) <= 10
           END AND correlation_id <> '' AS is_worth_a_look
    FROM moved
    CROSS JOIN LATERAL (SELECT date_trunc('hour', started_at, 'UTC') AS hour, state BETWEEN 1 AND 1023 AS failed) AS of_it
), chunk AS (
    INSERT INTO sample_chunk AS old (series_id, hour, offset_ms, value, state, disturbed, lateness_ms, ids)
    SELECT series_id,
           hour,
           array_agg(offset_ms ORDER BY started_at),
           array_agg(value ORDER BY started_at),
           array_agg(state ORDER BY started_at),
           array_agg(disturbed ORDER BY started_at),
           array_agg(lateness_ms ORDER BY started_at),
           coalesce(jsonb_object_agg(offset_ms, correlation_id) FILTER (WHERE is_worth_a_look), '{}')
    FROM sample
    GROUP BY series_id, hour
    -- Measurements that were spooled while the store was away come late.
    ON CONFLICT (series_id, hour) DO UPDATE SET
        offset_ms = old.offset_ms || EXCLUDED.offset_ms,
        value = old.value || EXCLUDED.value,
        state = old.state || EXCLUDED.state,
        disturbed = old.disturbed || EXCLUDED.disturbed,
        lateness_ms = old.lateness_ms || EXCLUDED.lateness_ms,
        ids = old.ids || EXCLUDED.ids
    RETURNING *
), rollup AS (
    INSERT INTO sample_rollup AS old
        (series_id, hour, n, failed, disturbed, mean, minimum, p20, median, p95, p99, maximum)
    SELECT chunk.series_id, chunk.hour, count(*) FILTER (WHERE one.state < 1024), count(*) FILTER (WHERE one.state BETWEEN 1 AND 1023),
           count(*) FILTER (WHERE one.disturbed),
           avg(one.value) FILTER (WHERE judged), min(one.value) FILTER (WHERE judged),
           percentile_cont(0.20) WITHIN GROUP (ORDER BY one.value) FILTER (WHERE judged),
           percentile_cont(0.50) WITHIN GROUP (ORDER BY one.value) FILTER (WHERE judged),
           percentile_cont(0.95) WITHIN GROUP (ORDER BY one.value) FILTER (WHERE judged),
           percentile_cont(0.99) WITHIN GROUP (ORDER BY one.value) FILTER (WHERE judged),
           max(one.value) FILTER (WHERE judged)
    FROM chunk
    CROSS JOIN LATERAL unnest(chunk.value, chunk.state, chunk.disturbed) AS one (value, state, disturbed)
    CROSS JOIN LATERAL (SELECT one.state = 0 AND NOT one.disturbed AS judged) AS judging
    GROUP BY chunk.series_id, chunk.hour
    ON CONFLICT (series_id, hour) DO UPDATE SET
        n = EXCLUDED.n, failed = EXCLUDED.failed, disturbed = EXCLUDED.disturbed, mean = EXCLUDED.mean,
        minimum = EXCLUDED.minimum, p20 = EXCLUDED.p20, median = EXCLUDED.median, p95 = EXCLUDED.p95,
        p99 = EXCLUDED.p99, maximum = EXCLUDED.maximum
)
SELECT count(*) FROM moved
