-- An index that a concurrent build left behind is a state, not a definition.
SELECT 'index ' || indexrelid::regclass || ' on ' || indrelid::regclass AS item,
       CASE WHEN NOT indisvalid THEN 'invalid'
            ELSE CASE WHEN indisunique THEN 'unique ' ELSE '' END
                 || substring(pg_get_indexdef(indexrelid) FROM ' USING (.*)$')
       END AS value
FROM pg_index
JOIN pg_class AS class ON class.oid = indexrelid
JOIN pg_namespace AS namespace ON namespace.oid = relnamespace
WHERE indexrelid >= 16384 AND relpersistence <> 't' AND nspname <> 'pg_toast'
