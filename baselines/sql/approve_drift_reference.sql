-- Approves the newest reference of some series; returns the names of those that have one.
-- $1 series names text[], $2 by text, $3 at timestamptz. Relies on drift_reference_pkey.
UPDATE drift_reference AS reference SET approved_by = $2, approved_at = $3
FROM series
WHERE series.name = ANY ($1::text[]) AND reference.series_id = series.id
  AND reference.taken_until = (SELECT max(taken_until) FROM drift_reference WHERE series_id = series.id)
RETURNING series.name
