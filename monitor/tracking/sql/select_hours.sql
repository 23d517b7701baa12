-- Occurrences of a group by hour. $1 environment, $2 fingerprint, $3 since.
SELECT date_trunc('hour', at, 'UTC') AS hour, sum(occurrences)::bigint AS occurrences
FROM error_count WHERE environment = $1 AND fingerprint = $2 AND at >= $3
GROUP BY 1 ORDER BY 1
