-- Every index of the user's tables: how often it was read, its size, and what it is of in a form that two alike share.
SELECT quote_ident(s.schemaname) || '.' || quote_ident(s.relname) AS relation,
       quote_ident(s.indexrelname) AS name,
       s.idx_scan AS scans,
       pg_relation_size(s.indexrelid) AS size_bytes,
       i.indisvalid AND i.indisready AS valid,
       i.indisunique OR i.indisreplident OR EXISTS (SELECT FROM pg_constraint AS c WHERE c.conindid = i.indexrelid)
           AS needed,
       concat_ws('|', m.amname, i.indkey, i.indnkeyatts, i.indclass, i.indcollation, i.indoption,
                 pg_get_expr(i.indexprs, i.indrelid), 'where ' || pg_get_expr(i.indpred, i.indrelid)) AS definition
FROM pg_stat_user_indexes AS s
JOIN pg_index AS i ON i.indexrelid = s.indexrelid
JOIN pg_class AS r ON r.oid = s.indexrelid
JOIN pg_am AS m ON m.oid = r.relam
ORDER BY relation, name
