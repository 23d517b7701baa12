-- How each run since an instant ended, by component, in the order of time. $1 environment text, $2 timestamptz.
-- Relies on check_run_pkey.
SELECT kind, at, status, release,
       (SELECT jsonb_agg(jsonb_build_array(one -> 'name', one -> 'status') ORDER BY place)
        FROM jsonb_array_elements(document -> 'components') WITH ORDINALITY AS u (one, place)) AS components
FROM check_run
WHERE environment = $1 AND at >= $2
ORDER BY at
