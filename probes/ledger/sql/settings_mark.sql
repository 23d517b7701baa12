-- Every setting but those of our own connection, and those of roles and databases.
SELECT md5(string_agg(name || '=' || setting, ',' ORDER BY name)
           || (SELECT coalesce(bit_xor(hash_record_extended(ROW(setdatabase, setrole, xmin), 0)), 0) FROM pg_db_role_setting))
FROM pg_settings WHERE source NOT IN ('client', 'session')
