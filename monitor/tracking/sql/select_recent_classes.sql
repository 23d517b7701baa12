-- Classes that arrived since $2, minute by minute. $1 environment.
SELECT g.class, c.at, sum(c.occurrences)::bigint AS occurrences
FROM error_count AS c JOIN error_group AS g USING (environment, fingerprint)
WHERE c.environment = $1 AND c.at >= $2 GROUP BY 1, 2 ORDER BY 2
