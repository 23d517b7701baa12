-- Texts by their keys. $1 keys text[].
SELECT key, text, writes FROM workload_statement WHERE key = ANY($1)
