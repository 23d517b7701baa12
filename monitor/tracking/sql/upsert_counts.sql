-- Occurrences of a batch by minute. $1 environment, $2 fingerprints, $3 components, $4 minutes, $5 occurrences.
INSERT INTO error_count (environment, fingerprint, component, at, occurrences)
SELECT $1, one.fingerprint, one.component, one.at, one.occurrences
FROM unnest($2::text[], $3::text[], $4::timestamptz[], $5::bigint[]) AS one (fingerprint, component, at, occurrences)
ORDER BY one.fingerprint, one.component, one.at
ON CONFLICT (environment, fingerprint, component, at)
DO UPDATE SET occurrences = error_count.occurrences + excluded.occurrences
