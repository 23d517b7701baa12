-- The latest run of each kind. $1 environment text. Relies on check_run_pkey.
SELECT DISTINCT ON (kind) release, document FROM check_run WHERE environment = $1 ORDER BY kind, at DESC
