-- The texts that are not known yet. $1 keys text[], $2 texts text[], $3 whether each writes boolean[].
INSERT INTO workload_statement (key, text, writes)
SELECT * FROM unnest($1::text[], $2::text[], $3::boolean[])
ON CONFLICT (key) DO NOTHING
