-- The bins of a stretch of time, added up. $1 environment text, $2 and $3 timestamptz, the end not included. Relies on
-- page_vital_pkey.
SELECT route, device, metric, bin, sum(n)::bigint AS n
FROM page_vital CROSS JOIN LATERAL unnest(bins, counts) AS one (bin, n)
WHERE environment = $1 AND at >= $2 AND at < $3
GROUP BY route, device, metric, bin
