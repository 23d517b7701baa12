-- A baseline's head by name. $1 name text. Relies on baseline_name_key.
SELECT id, name, environment, release, captured_by, approved_by, approved_at, expires_at, forced_because, forced_against
FROM baseline WHERE name = $1
