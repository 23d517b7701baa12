-- Tables that autovacuum should have analyzed long ago by its own rule, the most changed first.
-- $1 what is long ago interval: a busy table is over its threshold from time to time, until its turn comes.
-- Statistics of activity are visible to every role. A table whose counters were reset is taken for untouched.
SELECT upkeep.relid::regclass::text AS relation, upkeep.n_mod_since_analyze AS changed, analyzed_at
FROM pg_stat_user_tables AS upkeep
JOIN pg_class AS class ON class.oid = upkeep.relid
CROSS JOIN LATERAL greatest(upkeep.last_analyze, upkeep.last_autoanalyze) AS analyzed_at
CROSS JOIN LATERAL (
    SELECT coalesce(max(option_value) FILTER (WHERE option_name = 'autovacuum_analyze_threshold'),
                    current_setting('autovacuum_analyze_threshold'))::double precision AS least,
           coalesce(max(option_value) FILTER (WHERE option_name = 'autovacuum_analyze_scale_factor'),
                    current_setting('autovacuum_analyze_scale_factor'))::double precision AS share
    FROM pg_options_to_table(class.reloptions)
) AS rule
WHERE class.relpersistence <> 't'
  AND upkeep.n_mod_since_analyze > rule.least + rule.share * greatest(class.reltuples, 0)
  AND (analyzed_at IS NULL OR analyzed_at < now() - $1::interval)
ORDER BY upkeep.n_mod_since_analyze DESC, upkeep.relid
