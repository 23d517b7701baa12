-- NOT NULL is told with its column; from PostgreSQL 18 on it is a constraint as well.
SELECT 'constraint ' || quote_ident(conname) || ' on ' || conrelid::regclass AS item, pg_get_constraintdef(kept.oid) AS value
FROM pg_constraint AS kept
JOIN pg_class AS class ON class.oid = conrelid
WHERE kept.oid >= 16384 AND contype <> 'n' AND relpersistence <> 't'
