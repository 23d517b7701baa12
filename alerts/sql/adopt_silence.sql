-- Takes in a silence that was made or ended without the store. $1 id text, $2 matcher text, $3 starts, $4 ends
-- timestamptz, $5 by text, $6 reason text, $7 deployment text or null. Relies on silence_pkey.
INSERT INTO silence (id, matcher, starts_at, ends_at, by, reason, deployment) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (id) DO UPDATE SET
    starts_at = least(silence.starts_at, EXCLUDED.starts_at),
    ends_at = least(silence.ends_at, EXCLUDED.ends_at)
