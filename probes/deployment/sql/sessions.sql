-- The sessions of clients in this database, ours left out. Active is what has a transaction open, be it idle in it: it
-- holds locks that a migration waits for. What a role without pg_read_all_stats may not see is counted as hidden; then
-- neither a state nor a background worker can be told.
SELECT
    count(*) FILTER (WHERE backend_type = 'client backend') AS connections,
    count(*) FILTER (
        WHERE backend_type = 'client backend' AND state IN (
            'active', 'fastpath function call', 'idle in transaction', 'idle in transaction (aborted)'
        )
    ) AS active,
    count(*) FILTER (WHERE backend_type IS NULL AND query = '<insufficient privilege>') AS hidden
FROM pg_stat_activity
WHERE datname = current_database() AND application_name !~ '^portalwatch'
