-- Makes series known; returns name, id, and the unit and direction that hold (an existing series keeps its own).
-- $1 names text[], $2 units text[], $3 directions text[], $4 cadences in seconds double precision[], $5 routes text[].
-- Relies on series_name_key.
INSERT INTO series (name, unit, direction, cadence_seconds, route)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::double precision[], $5::text[])
ON CONFLICT (name) DO UPDATE SET cadence_seconds = EXCLUDED.cadence_seconds, route = EXCLUDED.route
RETURNING name, id, unit, direction
