-- What a series is held against from now on.
-- $1 series text; $2 taken_until, $3 taken_from timestamptz; $4 release text; $5 fastest double precision[];
-- $6 independent integer; $7 approved by text or NULL; $8 approved at timestamptz or NULL; $9 reason text.
-- Relies on series_name_key.
INSERT INTO drift_reference
    (series_id, taken_until, taken_from, release, fastest, independent, approved_by, approved_at, reason)
SELECT id, $2, $3, $4, $5, $6, $7, $8, $9 FROM series WHERE name = $1
ON CONFLICT (series_id, taken_until) DO NOTHING
