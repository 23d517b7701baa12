-- Settings as our own connection would have them by default, and those of single roles and databases; never those that hold
-- passwords or commands, and only what the server itself or an extension knows.
WITH known AS (
    SELECT name, source FROM pg_settings
    WHERE name !~* '(password|passphrase|conninfo|secret|token|_command$)'
)
SELECT 'setting ' || name AS item, current_setting(name) AS value
FROM known WHERE source NOT IN ('client', 'session')
UNION ALL
SELECT concat_ws(' ', 'setting', split_part(one, '=', 1), 'of role ' || quote_ident(rolname),
                 'in database ' || quote_ident(datname)),
       substr(one, strpos(one, '=') + 1)
FROM pg_db_role_setting AS kept
CROSS JOIN LATERAL unnest(setconfig) AS one
JOIN known ON known.name = split_part(one, '=', 1)
LEFT JOIN pg_roles AS role ON role.oid = setrole
LEFT JOIN pg_database AS database ON database.oid = setdatabase
