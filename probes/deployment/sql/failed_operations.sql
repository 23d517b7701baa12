-- Failed operations of the portal's own migration_log, and those among them that a constraint refused.
-- $1 the instant since when timestamptz; NULL for all of them.
-- The log has no error codes: a refusal is known by the words that every constraint's message has in English.
SELECT
    count(*) AS failed,
    count(*) FILTER (WHERE error_message ~* 'violates [a-z -]*constraint|is violated by some row') AS refused
FROM migration_log
WHERE status = 'failed' AND ($1::timestamptz IS NULL OR greatest(started_at, finished_at) >= $1::timestamptz)
