-- One look at the server and the database that is watched. Ours is left out wherever single sessions are looked at.
WITH theirs AS (
    SELECT pid, datname, state, xact_start, backend_type = 'client backend' AS is_client
    FROM pg_stat_activity
    WHERE application_name !~ '^portalwatch'
),
tables AS (
    SELECT
        coalesce(sum(seq_scan), 0)::float8 AS sequential_scans,
        coalesce(sum(idx_scan), 0)::float8 AS index_scans,
        coalesce(sum(n_live_tup), 0)::float8 AS live_rows,
        coalesce(sum(n_dead_tup), 0)::float8 AS dead_rows
    FROM pg_stat_user_tables
)
SELECT
    -- counters, and what would set them back
    d.xact_commit AS commits,
    d.xact_rollback AS rollbacks,
    d.blks_hit AS hits,
    d.blks_read AS reads,
    d.deadlocks,
    t.sequential_scans,
    t.index_scans,
    pg_postmaster_start_time() AS started_at,
    d.stats_reset,
    -- levels
    t.live_rows,
    t.dead_rows,
    (SELECT count(*) FROM theirs WHERE is_client) AS connections,
    (SELECT count(*) FROM theirs WHERE datname = d.datname AND is_client AND state = 'active') AS active,
    (SELECT count(*) FROM theirs WHERE datname = d.datname AND is_client AND state ~ '^idle in transaction') AS idle,
    (
        SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)::float8
        FROM theirs
        WHERE datname = d.datname AND is_client
    ) AS longest_transaction,
    current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
    - coalesce(current_setting('reserved_connections', true)::int, 0) AS usable_connections, -- PostgreSQL 16
    w.waiting,
    w.longest_wait,
    CASE
        WHEN NOT pg_is_in_recovery() THEN (
            SELECT max(CASE WHEN replay_lsn = pg_current_wal_lsn() THEN 0 ELSE extract(epoch FROM replay_lag) END)
            FROM pg_stat_replication
        )
        WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
        ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())
    END::float8 AS replication_lag,
    -- what can be seen at all
    pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS sees_others,
    (
        SELECT extnamespace::regnamespace::text
        FROM pg_extension
        WHERE extname = 'pg_stat_statements' AND current_setting('pg_stat_statements.max', true) IS NOT NULL
    ) AS statements_schema
FROM pg_stat_database AS d
CROSS JOIN tables AS t
CROSS JOIN LATERAL (
    SELECT
        count(DISTINCT l.pid) AS waiting,
        coalesce(max(extract(epoch FROM clock_timestamp() - l.waitstart)), 0)::float8 AS longest_wait
    FROM pg_locks AS l
    JOIN theirs AS o ON o.pid = l.pid
    WHERE NOT l.granted AND o.datname = d.datname
) AS w
WHERE d.datname = current_database()
