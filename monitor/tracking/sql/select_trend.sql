-- By group and component: the hour before $2, and the same of the day before. $1 environment, $2 now.
SELECT
    c.fingerprint, g.name, g.message, g.class, c.component,
    coalesce(sum(c.occurrences) FILTER (WHERE c.at > $2::timestamptz - interval '1 hour'), 0)::bigint AS now,
    coalesce(sum(c.occurrences) FILTER (WHERE c.at <= $2::timestamptz - interval '1 hour'), 0)::bigint AS day_before
FROM error_count AS c JOIN error_group AS g USING (environment, fingerprint)
WHERE c.environment = $1 AND (
    c.at > $2::timestamptz - interval '1 hour' AND c.at <= $2
    OR c.at > $2::timestamptz - interval '25 hours' AND c.at <= $2::timestamptz - interval '24 hours'
)
GROUP BY 1, 2, 3, 4, 5
