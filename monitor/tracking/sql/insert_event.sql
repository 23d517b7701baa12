INSERT INTO error_event
    (environment, fingerprint, at, said_at, correlation_id, user_hash, component, action, path, browser)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
