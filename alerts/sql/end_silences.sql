-- Ends silences now, those with that id or bound to that deployment: returns them. $1 id text or null,
-- $2 deployment text or null, $3 now timestamptz. Relies on silence_pkey, silence_ends.
UPDATE silence SET ends_at = $3, starts_at = LEAST(starts_at, $3)
WHERE ends_at > $3 AND (id = $1 OR deployment = $2)
RETURNING *
