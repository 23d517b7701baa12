-- Revokes a token. $1 name text, $2 now timestamptz. Relies on access_token_name_key.
UPDATE access_token SET revoked_at = $2 WHERE name = $1 AND revoked_at IS NULL
