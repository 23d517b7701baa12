-- Makes the partitions that the samples of closed hours need.
-- $1 timestamptz: as in compact_samples. Relies on sample_head_started.
SELECT ensure_sample_partitions(day)
FROM (SELECT DISTINCT date_trunc('day', started_at, 'UTC') AS day FROM sample_head WHERE started_at < $1) AS days
