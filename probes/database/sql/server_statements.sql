-- All that was executed in this database but by us; without the texts, which would be read from a file.
SELECT
    coalesce(sum(s.calls), 0)::float8 AS calls,
    coalesce(sum(s.total_exec_time), 0)::float8 / 1000 AS seconds,
    (SELECT stats_reset FROM {schema}.pg_stat_statements_info) AS stats_reset
FROM {schema}.pg_stat_statements(false) AS s
WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND s.userid <> (SELECT oid FROM pg_roles WHERE rolname = current_user)
    AND s.toplevel
