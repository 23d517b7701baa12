SELECT 'trigger ' || quote_ident(tgname) || ' on ' || tgrelid::regclass AS item,
       CASE WHEN tgenabled = 'D' THEN 'disabled'
            ELSE regexp_replace(pg_get_triggerdef(oid), '^.*? TRIGGER \S+ ', '') END AS value
FROM pg_trigger WHERE NOT tgisinternal
