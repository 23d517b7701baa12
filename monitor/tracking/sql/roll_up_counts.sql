-- Minutes of before become hours. $1 environment, $2 before.
WITH old AS (
    DELETE FROM error_count
    WHERE environment = $1 AND at < date_trunc('hour', $2::timestamptz, 'UTC') AND at <> date_trunc('hour', at, 'UTC')
    RETURNING fingerprint, component, at, occurrences
)
INSERT INTO error_count (environment, fingerprint, component, at, occurrences)
SELECT $1, fingerprint, component, date_trunc('hour', at, 'UTC'), sum(occurrences) FROM old GROUP BY 2, 3, 4
ON CONFLICT (environment, fingerprint, component, at)
DO UPDATE SET occurrences = error_count.occurrences + excluded.occurrences
