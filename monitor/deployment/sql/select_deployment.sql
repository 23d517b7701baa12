-- A deployment by its name, or without one the last of its environment: the one that is open, else the one that was
-- opened last. $1 environment text, $2 name text or NULL.
SELECT id, name FROM deployment WHERE environment = $1 AND (name = $2 OR $2 IS NULL)
ORDER BY (finished_at IS NULL) DESC, id DESC LIMIT 1
