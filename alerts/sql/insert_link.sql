-- Keeps the hash of a link that is about to be sent. $1 hash text, $2 channel text, $3 alert ids text[],
-- $4 their occurrences integer[], $5 expires timestamptz.
INSERT INTO acknowledge_link (hash, channel, alerts, occurrences, expires_at) VALUES ($1, $2, $3, $4, $5)
