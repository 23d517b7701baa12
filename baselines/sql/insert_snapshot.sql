-- Keeps one snapshot. $1 environment text, $2 source text, $3 at timestamptz, $4 document as JSON text.
INSERT INTO snapshot (environment, source, at, document) VALUES ($1, $2, $3, $4::jsonb)
