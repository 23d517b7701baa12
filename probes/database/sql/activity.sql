-- What the server is doing, in one row a session that tells something, and the totals in each row. The functions behind
-- pg_stat_activity and pg_locks are asked themselves: the views would lock tables of the catalogue. A row of sessions
-- that nobody may see says so in place of its statement.
WITH activity AS MATERIALIZED (
    SELECT
        pid, application_name, state, wait_event_type, wait_event, xact_start, state_change, query,
        pg_get_userbyid(usesysid)::text AS role_name,
        datid IS NOT NULL AND query = '<insufficient privilege>' AS is_hidden,
        backend_type = 'client backend' AS is_client,
        application_name ~ '^portalwatch' AS is_ours
    FROM pg_stat_get_activity(NULL)
),
waiting AS MATERIALIZED (
    SELECT pid, state_change
    FROM activity
    WHERE wait_event_type = 'Lock' OR (is_hidden AND pid IN (SELECT pid FROM pg_lock_status() WHERE NOT granted))
),
-- Each pg_blocking_pids() holds up the lock manager for some microseconds.
blocked AS MATERIALIZED (
    SELECT pid, pg_blocking_pids(pid) AS blocked_by
    FROM (SELECT pid FROM waiting ORDER BY state_change LIMIT 50) AS longest
),
telling AS (
    SELECT
        a.*,
        b.blocked_by,
        EXISTS (SELECT FROM blocked WHERE a.pid = ANY (blocked.blocked_by)) AS is_blocker,
        a.pid IN (SELECT pid FROM waiting) AS is_waiting
    FROM activity AS a
    LEFT JOIN blocked AS b USING (pid)
)
SELECT
    s.pid, s.application, s.role_name, s.state, s.wait, s.state_seconds, s.transaction_seconds, s.statement, s.blocked_by,
    (SELECT count(*) FROM waiting) AS waiting,
    (SELECT count(*) FROM activity WHERE is_hidden) AS hidden,
    (SELECT count(*) FROM activity WHERE (is_client OR is_hidden) AND NOT is_ours) AS connections,
    current_setting('max_connections')::int AS max_connections
FROM (VALUES (1)) AS always
LEFT JOIN LATERAL (
    SELECT
        pid,
        nullif(application_name, '') AS application,
        role_name,
        state,
        wait_event_type || ': ' || wait_event AS wait,
        extract(epoch FROM clock_timestamp() - state_change)::float8 AS state_seconds,
        extract(epoch FROM clock_timestamp() - xact_start)::float8 AS transaction_seconds,
        CASE WHEN NOT is_hidden THEN left(query, 2000) END AS statement,
        blocked_by
    FROM telling
    WHERE is_blocker OR is_waiting OR (is_client AND state <> 'idle' AND NOT is_ours)
    ORDER BY is_blocker DESC, is_blocker AND is_waiting, is_waiting DESC, state ~ '^idle in transaction' DESC, xact_start
    LIMIT 60
) AS s ON true
