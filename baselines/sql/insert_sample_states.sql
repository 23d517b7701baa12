-- Fills the closed list of outcomes and reasons.
-- $1 codes smallint[], $2 outcomes text[], $3 reasons text[] ('' for none).
INSERT INTO sample_state (code, outcome, reason)
SELECT * FROM unnest($1::smallint[], $2::text[], $3::text[])
ON CONFLICT (code) DO NOTHING
