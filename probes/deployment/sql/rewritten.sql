-- Tables under our transaction's locks whose rows were written anew since its snapshot: TRUNCATE, and an ALTER TABLE
-- that rewrites, leave them empty to it (PostgreSQL's manual, "Concurrency Control", Caveats). The catalogue's row is
-- the snapshot's, the function tells of now. VACUUM FULL does no harm and can't be told apart.
SELECT c.oid::regclass::text AS relation
FROM pg_locks AS l
JOIN pg_class AS c ON c.oid = l.relation
WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation'
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND c.relkind = 'r' AND c.relfilenode <> 0
    AND c.relfilenode IS DISTINCT FROM pg_relation_filenode(c.oid)
ORDER BY relation
