-- Deletes a baseline with what extends it, unless it is active or extends one itself. $1 name text.
-- Relies on baseline_name_key and baseline_extends.
DELETE FROM baseline WHERE name = $1 AND NOT active AND extends_id IS NULL
