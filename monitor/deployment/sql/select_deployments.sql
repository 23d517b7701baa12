-- The deployments of an environment, the last one first, fifty at most. $1 environment text.
SELECT name, opened_at, finished_at FROM deployment WHERE environment = $1 ORDER BY opened_at DESC LIMIT 50
