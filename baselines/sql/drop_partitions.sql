-- Retention: drops partitions that ended; returns how many.
-- $1 timestamptz: chunks older than this go; $2 timestamptz: rollups older than this go.
SELECT drop_sample_partitions('sample_chunk', $1) + drop_sample_partitions('sample_rollup', $2)
