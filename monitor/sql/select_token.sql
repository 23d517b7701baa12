-- The right of a token that is neither revoked nor expired.
-- $1 SHA-256 of the token bytea, $2 now timestamptz. Relies on access_token_token_hash_key.
SELECT access_right FROM access_token
WHERE token_hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)
