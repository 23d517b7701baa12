-- What is there in the catalogue, which every role may read: whether the role may use a thing does not matter.
-- $1 tables, $2 functions, $3 triggers text[]: the names that are looked for, `name` in any schema or `schema.name`.
-- $4 text: what the name of a performance index begins with.
-- Functions are looked for among the server's own too. A trigger that is disabled is not there, nor is an index that
-- is not valid: no query uses it. Constraints are those of tables that check a row: keys, and PostgreSQL 18's NOT NULL,
-- are there before any migration and would say nothing of it.
WITH schemas AS (
    SELECT oid, nspname::text AS name
    FROM pg_namespace
    WHERE nspname <> 'information_schema' AND nspname !~ '^pg_'
),
indexes AS (
    SELECT c.relname::text AS name, i.indisvalid AS is_valid, i.indexrelid
    FROM pg_index AS i
    JOIN pg_class AS c ON c.oid = i.indexrelid
    JOIN schemas AS s ON s.oid = c.relnamespace
)
SELECT
    ARRAY(
        SELECT DISTINCT asked
        FROM unnest($1::text[]) AS asked
        JOIN pg_class AS c ON c.relkind IN ('r', 'p', 'f')
        JOIN schemas AS s ON s.oid = c.relnamespace
        WHERE asked IN (c.relname::text, s.name || '.' || c.relname)
    ) AS tables,
    ARRAY(
        SELECT DISTINCT asked
        FROM unnest($2::text[]) AS asked
        JOIN pg_proc AS p ON p.proname = split_part(asked, '.', -1)
        JOIN pg_namespace AS n ON n.oid = p.pronamespace
        WHERE asked IN (p.proname::text, n.nspname || '.' || p.proname)
    ) AS functions,
    ARRAY(
        SELECT DISTINCT asked
        FROM unnest($3::text[]) AS asked
        JOIN pg_trigger AS t ON NOT t.tgisinternal AND t.tgenabled <> 'D'
        JOIN pg_class AS c ON c.oid = t.tgrelid
        JOIN schemas AS s ON s.oid = c.relnamespace
        WHERE asked IN (t.tgname::text, s.name || '.' || t.tgname)
    ) AS triggers,
    (
        SELECT count(*) FROM pg_constraint JOIN schemas AS s ON s.oid = connamespace WHERE contype = 'f'
    ) AS foreign_keys,
    (
        SELECT count(*)
        FROM pg_constraint
        JOIN schemas AS s ON s.oid = connamespace
        WHERE contype = 'c' AND conrelid <> 0
    ) AS constraints,
    (SELECT count(*) FROM indexes WHERE is_valid) AS indexes,
    (SELECT count(*) FROM indexes WHERE is_valid AND starts_with(name, $4::text)) AS performance_indexes,
    ARRAY(
        SELECT name
        FROM indexes
        WHERE NOT is_valid
            -- One that is being built is no broken one.
            AND indexrelid NOT IN (
                SELECT index_relid FROM pg_stat_progress_create_index WHERE index_relid IS NOT NULL
            )
        ORDER BY name
    ) AS invalid_indexes
