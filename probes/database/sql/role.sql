-- What the role that we are may do beyond reading, in this database; and what it may not see.
WITH myself AS (
    SELECT * FROM pg_roles WHERE rolname = current_user
),
relations AS (
    SELECT c.oid, c.relowner
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
)
SELECT
    m.rolname::text AS role,
    current_database()::text AS database,
    m.rolsuper AS superuser,
    array_remove(ARRAY[
        CASE WHEN m.rolcreaterole THEN 'CREATEROLE' END,
        CASE WHEN m.rolcreatedb THEN 'CREATEDB' END,
        CASE WHEN m.rolreplication THEN 'REPLICATION' END,
        CASE WHEN m.rolbypassrls THEN 'BYPASSRLS' END
    ], NULL) AS attributes,
    ARRAY(
        SELECT g.rolname::text
        FROM pg_roles AS g
        WHERE g.rolname = ANY ($1::text[]) AND pg_has_role(current_user, g.oid, 'MEMBER')
        ORDER BY 1
    ) AS memberships,
    ARRAY(
        SELECT oid::regclass::text FROM relations WHERE pg_has_role(current_user, relowner, 'MEMBER') ORDER BY 1 LIMIT 3
    ) AS owned,
    ARRAY(
        SELECT DISTINCT coalesce(nullif(a.application_name, ''), 'unnamed')
        FROM pg_stat_activity AS a
        WHERE a.usesysid = m.oid AND a.pid <> pg_backend_pid() AND a.application_name !~ '^portalwatch'
            AND a.backend_type = 'client backend'
        ORDER BY 1
    ) AS others,
    ARRAY(
        SELECT oid::regclass::text
        FROM relations
        WHERE has_any_column_privilege(oid, 'INSERT, UPDATE') OR has_table_privilege(oid, 'DELETE, TRUNCATE, TRIGGER')
        ORDER BY 1
        LIMIT 3
    ) AS writable,
    ARRAY(
        SELECT n.nspname::text
        FROM pg_namespace AS n
        WHERE n.nspname !~ '^pg_' AND has_schema_privilege(n.oid, 'CREATE')
        ORDER BY 1
    ) AS schemas,
    has_database_privilege(current_database(), 'CREATE') AS creates_schemas,
    pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS sees_others,
    EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_stat_statements') AS has_statements
FROM myself AS m
