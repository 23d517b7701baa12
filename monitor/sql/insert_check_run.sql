-- One run of a check. $1 environment text, $2 kind text, $3 at timestamptz, $4 status text, $5 release text, $6 document
-- as JSON text.
INSERT INTO check_run (environment, kind, at, status, release, document) VALUES ($1, $2, $3, $4, $5, $6::jsonb)
ON CONFLICT (environment, kind, at) DO NOTHING
