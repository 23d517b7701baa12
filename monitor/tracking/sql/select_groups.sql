-- $1 environment, $2 since, $3 class or null, $4 how many.
SELECT fingerprint, class, name, message, frames, first_seen, last_seen, occurrences
FROM error_group
WHERE environment = $1 AND last_seen >= $2 AND ($3::text IS NULL OR class = $3)
ORDER BY last_seen DESC, fingerprint
LIMIT $4
