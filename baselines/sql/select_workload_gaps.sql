-- The last reason of each database in that time. $1 environment text, $2 start timestamptz, $3 end timestamptz.
SELECT DISTINCT ON (database) database, at, reason
FROM workload_gap
WHERE environment = $1 AND at >= $2 AND at <= $3
ORDER BY database, at DESC
