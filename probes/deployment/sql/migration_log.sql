-- The portal's own log of its migration, in its order. $1 timestamptz: of what began or ended since.
SELECT
    id,
    phase,
    operation,
    lower(status) AS status,
    error_message AS error,
    execution_seconds::float8 AS seconds,
    rows_affected AS rows,
    started_at,
    finished_at
FROM migration_log
WHERE greatest(started_at, finished_at) >= $1::timestamptz
ORDER BY id
