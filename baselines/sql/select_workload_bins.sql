-- The bins with some of that time in them, oldest first. $1 environment text, $2 start timestamptz, $3 end timestamptz.
-- Relies on workload_bin_pkey.
SELECT database, started_at, finished_at, statement_keys, calls, seconds, rows, other_calls, other_seconds, other_rows
FROM workload_bin
WHERE environment = $1 AND finished_at > $2 AND started_at < $3
ORDER BY finished_at
