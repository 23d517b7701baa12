-- Why a database did not tell what it did. $1 environment text, $2 database text, $3 at timestamptz, $4 reason text.
INSERT INTO workload_gap (environment, database, at, reason)
VALUES ($1, $2, $3, $4)
ON CONFLICT (environment, database, at) DO NOTHING
