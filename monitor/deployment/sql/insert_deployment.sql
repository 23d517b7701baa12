-- Opens a deployment; returns its id, or nothing where one is open in that environment or the name is taken.
-- $1 environment text, $2 name text, $3 opened_at timestamptz.
INSERT INTO deployment (environment, name, opened_at) VALUES ($1, $2, $3)
ON CONFLICT DO NOTHING
RETURNING id
