-- The newest reference of each of some series, where it is newer than an instant of its own.
-- $1 series names text[], $2 instants timestamptz[]. Relies on series_name_key and drift_reference_pkey.
SELECT series.name, reference.*
FROM unnest($1::text[], $2::timestamptz[]) AS known (name, taken_until)
JOIN series ON series.name = known.name
CROSS JOIN LATERAL (
    SELECT taken_until, taken_from, release, fastest, independent, approved_by, approved_at, reason
    FROM drift_reference WHERE series_id = series.id AND taken_until > known.taken_until
    ORDER BY taken_until DESC LIMIT 1
) AS reference
