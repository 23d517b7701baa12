-- Takes in a link that was sent, or used, without the store. $1 hash text, $2 channel text, $3 alert ids text[],
-- $4 their occurrences integer[], $5 expires timestamptz, $6 used timestamptz or null, $7 by text or null.
INSERT INTO acknowledge_link (hash, channel, alerts, occurrences, expires_at, used_at, used_by)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (hash) DO UPDATE SET
    used_at = coalesce(acknowledge_link.used_at, EXCLUDED.used_at),
    used_by = coalesce(acknowledge_link.used_by, EXCLUDED.used_by)
