-- The role that portalwatch watches a database as: it reads the tables of the schemas given, and nothing more.
--
-- Run it in each watched database once its tables are there, as a superuser or as the tables' owner who may create
-- roles and pass on pg_read_all_stats:
--
--   portalwatch config grants | psql --single-transaction --set ON_ERROR_STOP=1 --file - portal
--
-- and give the role a password (\password portalwatch_probe in psql). Schemas other than public are named beforehand:
--
--   export PGOPTIONS='-c portalwatch.schemas=public,reporting'
--
-- Run again, it grants what was added since.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'portalwatch_probe') THEN
        CREATE ROLE portalwatch_probe LOGIN;
    END IF;
END
$$;

-- The service takes two connections to a database and one more while a deployment is open, a command beside it up to
-- four.
ALTER ROLE portalwatch_probe LOGIN CONNECTION LIMIT 8;
-- What the service asks for by itself, for whoever else should come by this role.
ALTER ROLE portalwatch_probe SET default_transaction_read_only = on;
ALTER ROLE portalwatch_probe SET statement_timeout = '5s';
ALTER ROLE portalwatch_probe SET lock_timeout = '500ms';
ALTER ROLE portalwatch_probe SET idle_in_transaction_session_timeout = '5s';

-- Sessions, locks and statements of others: who waits for whom, and what takes the time.
GRANT pg_read_all_stats TO portalwatch_probe;

DO $$
DECLARE
    schema_name text;
    owner_name name;
BEGIN
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO portalwatch_probe', current_database());
    FOREACH schema_name IN ARRAY
        string_to_array(coalesce(nullif(current_setting('portalwatch.schemas', true), ''), 'public'), ',')
    LOOP
        schema_name := btrim(schema_name);
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO portalwatch_probe', schema_name);
        EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO portalwatch_probe', schema_name);
        -- What those who own tables here will make later.
        FOR owner_name IN
            SELECT DISTINCT pg_get_userbyid(relowner)
            FROM pg_class
            WHERE relnamespace = to_regnamespace(quote_ident(schema_name)) AND relkind IN ('r', 'p', 'v', 'm', 'f')
        LOOP
            EXECUTE format(
                'ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %I GRANT SELECT ON TABLES TO portalwatch_probe',
                owner_name, schema_name
            );
        END LOOP;
    END LOOP;
END
$$;
