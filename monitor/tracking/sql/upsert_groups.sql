-- Groups of a batch, each once. $1 environment, $2 text (JSON: fingerprint, class, name, message, frames, first, last, count).
INSERT INTO error_group (environment, fingerprint, class, name, message, frames, first_seen, last_seen, occurrences)
SELECT $1, one.fingerprint, one.class, one.name, one.message, one.frames, one.first, one.last, one.count
FROM jsonb_to_recordset($2::jsonb) AS one (
    fingerprint text, class text, name text, message text, frames text[], first timestamptz, last timestamptz, count bigint
)
ORDER BY one.fingerprint
ON CONFLICT (environment, fingerprint) DO UPDATE SET
    class = excluded.class,
    first_seen = least(error_group.first_seen, excluded.first_seen),
    last_seen = greatest(error_group.last_seen, excluded.last_seen),
    occurrences = error_group.occurrences + excluded.occurrences
