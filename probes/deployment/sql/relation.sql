-- Whether there is a table of that name, in any schema and whoever may read it. $1 name text.
SELECT EXISTS (
    SELECT FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relname = $1::text AND c.relkind IN ('r', 'p', 'v', 'f') AND n.nspname !~ '^pg_'
) AS is_there
