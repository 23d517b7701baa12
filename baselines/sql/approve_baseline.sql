-- Approves a baseline and marks it active. $1 name, $2 by text, $3 at timestamptz. Relies on baseline_name_key.
UPDATE baseline SET active = true, approved_by = $2, approved_at = $3 WHERE name = $1 AND extends_id IS NULL
