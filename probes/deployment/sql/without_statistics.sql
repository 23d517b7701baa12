-- Tables with rows and an index on a column of which nobody has gathered statistics: the planner guesses there. Counters
-- of changes do not tell, because giving a column a type throws its statistics away and changes no row.
-- Only of columns that our role may read are statistics to be seen (pg_stats).
SELECT DISTINCT c.oid::regclass::text AS relation
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_index AS i ON i.indrelid = c.oid
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND c.reltuples > 0
    AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
    AND a.attstattarget IS DISTINCT FROM 0
    AND has_column_privilege(c.oid, a.attnum, 'SELECT')
    AND NOT EXISTS (
        SELECT FROM pg_stats AS s
        WHERE s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname AND NOT s.inherited
    )
ORDER BY relation
