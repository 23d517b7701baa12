-- Keeps a silence. $1 id text, $2 matcher text, $3 starts, $4 ends timestamptz, $5 by text, $6 reason text,
-- $7 deployment text or null.
INSERT INTO silence (id, matcher, starts_at, ends_at, by, reason, deployment) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (id) DO NOTHING
