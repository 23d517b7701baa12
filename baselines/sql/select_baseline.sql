-- A baseline's head by name. $1 name text. Relies on baseline_name_key.
SELECT id, name, environment, release, captured_by FROM baseline WHERE name = $1
