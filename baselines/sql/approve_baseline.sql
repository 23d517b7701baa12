-- Approves a baseline and marks it active. $1 name, $2 by text, $3 at, $4 expires_at timestamptz;
-- $5 reason text and $6 what spoke against it text[], NULL where nothing was forced. Relies on baseline_name_key.
UPDATE baseline
SET active = true, approved_by = $2, approved_at = $3, expires_at = $4, forced_because = $5, forced_against = $6
WHERE name = $1 AND extends_id IS NULL
