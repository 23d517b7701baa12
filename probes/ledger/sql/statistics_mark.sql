-- By the minute: what happens within one is told with it.
SELECT coalesce(bit_xor(hash_record_extended(ROW(oid,
           pg_stat_get_last_analyze_time(oid), pg_stat_get_last_autoanalyze_time(oid),
           pg_stat_get_last_vacuum_time(oid), pg_stat_get_last_autovacuum_time(oid)), 0)), 0)::text
FROM pg_class WHERE oid >= 16384 AND relkind IN ('r', 'p', 'm') AND relpersistence <> 't'
