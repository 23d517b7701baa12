-- Drops the texts that no bin refers to.
DELETE FROM workload_statement AS s
WHERE NOT EXISTS (
    SELECT FROM (SELECT DISTINCT unnest(statement_keys) AS key FROM workload_bin) AS used WHERE used.key = s.key
)
