-- What is remembered of a series.
-- $1 series text; $2 taken_until of its reference timestamptz; $3 drift text; $4 since, $5 below_since timestamptz or
-- NULL; $6 waiting, $7 recent, $8 suspicion, $9 degradation double precision[]. Relies on series_name_key.
INSERT INTO drift_standing AS old
    (series_id, reference_until, drift, since, below_since, waiting, recent, suspicion, degradation)
SELECT id, $2, $3, $4, $5, $6, $7, $8, $9 FROM series WHERE name = $1
ON CONFLICT (series_id) DO UPDATE SET
    reference_until = EXCLUDED.reference_until, drift = EXCLUDED.drift, since = EXCLUDED.since,
    below_since = EXCLUDED.below_since, waiting = EXCLUDED.waiting, recent = EXCLUDED.recent,
    suspicion = EXCLUDED.suspicion, degradation = EXCLUDED.degradation
