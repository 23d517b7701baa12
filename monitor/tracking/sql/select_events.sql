-- Kept events, the newest first. $1 environment, $2 fingerprint or null, $3 class or null, $4 correlation id or null,
-- $5 since, $6 how many.
SELECT e.fingerprint, g.class, g.name, g.message, e.at, e.said_at, e.correlation_id, e.component, e.action, e.path, e.browser
FROM error_event AS e JOIN error_group AS g USING (environment, fingerprint)
WHERE e.environment = $1
    AND ($2::text IS NULL OR e.fingerprint = $2)
    AND ($3::text IS NULL OR g.class = $3)
    AND ($4::text IS NULL OR e.correlation_id = $4)
    AND e.at >= $5
ORDER BY e.at DESC, e.id DESC
LIMIT $6
