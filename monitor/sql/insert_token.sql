-- Stores the hash of a new token.
-- $1 name text, $2 right text ('operator' or 'ingest'), $3 SHA-256 of the token bytea, $4 created_at timestamptz,
-- $5 expires_at timestamptz or NULL. Relies on access_token_name_key.
INSERT INTO access_token (name, access_right, token_hash, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)
