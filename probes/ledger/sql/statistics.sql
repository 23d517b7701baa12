SELECT what || ' of ' || class.oid::regclass AS item, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"') AS value
FROM pg_class AS class
CROSS JOIN LATERAL (VALUES
    ('analyze', greatest(pg_stat_get_last_analyze_time(class.oid), pg_stat_get_last_autoanalyze_time(class.oid))),
    ('vacuum', greatest(pg_stat_get_last_vacuum_time(class.oid), pg_stat_get_last_autovacuum_time(class.oid)))
) AS upkeep (what, at)
WHERE class.oid >= 16384 AND relkind IN ('r', 'p', 'm') AND relpersistence <> 't' AND at IS NOT NULL
