-- Every table of the store with its rows as PostgreSQL counts them and its size with indexes; partitions are added up.
SELECT parent.relname AS name,
       sum(coalesce(pg_stat_get_live_tuples(part.oid), 0))::bigint AS rows,
       sum(pg_total_relation_size(part.oid))::bigint AS bytes
FROM pg_class AS parent
CROSS JOIN LATERAL (SELECT parent.oid UNION SELECT inhrelid FROM pg_inherits WHERE inhparent = parent.oid) AS tree (oid)
JOIN pg_class AS part ON part.oid = tree.oid
WHERE parent.relkind IN ('r', 'p') AND NOT parent.relispartition AND parent.relnamespace = 'public'::regnamespace
GROUP BY parent.relname
ORDER BY parent.relname
