-- What is remembered of some series. $1 series names text[]. Relies on series_name_key and drift_standing_pkey.
SELECT series.name, standing.reference_until, standing.drift, standing.since, standing.below_since, standing.waiting,
       standing.recent, standing.suspicion, standing.degradation
FROM series JOIN drift_standing AS standing ON standing.series_id = series.id
WHERE series.name = ANY ($1::text[])
