-- How each of the user's tables is read. The counters go back to the last time that those of the database were set back.
SELECT quote_ident(t.schemaname) || '.' || quote_ident(t.relname) AS relation,
       coalesce(t.seq_scan, 0) AS sequential,
       coalesce(t.idx_scan, 0) AS by_index,
       pg_relation_size(t.relid) AS size_bytes
FROM pg_stat_user_tables AS t
ORDER BY relation
