-- One bin. $1 environment text, $2 database text, $3 started_at timestamptz, $4 finished_at timestamptz; of each of its
-- statements $5 key text[], $6 calls bigint[], $7 seconds double precision[], $8 rows bigint[]; of all else $9 calls
-- bigint, $10 seconds double precision, $11 rows bigint.
INSERT INTO workload_bin (
    environment, database, started_at, finished_at, statement_keys, calls, seconds, rows,
    other_calls, other_seconds, other_rows
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (environment, database, finished_at) DO NOTHING
