-- Retention: drops bins and reasons older than $1 timestamptz.
WITH gaps AS (DELETE FROM workload_gap WHERE at < $1)
DELETE FROM workload_bin WHERE finished_at < $1
