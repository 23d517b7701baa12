-- The releases of the portal that were first seen since an instant, and the one before them, in the order of time.
-- $1 environment text, $2 since timestamptz. Relies on release_seen_pkey.
SELECT first_seen_at, release FROM release_seen
WHERE environment = $1 AND first_seen_at >= coalesce(
    (SELECT max(first_seen_at) FROM release_seen WHERE environment = $1 AND first_seen_at < $2), $2)
ORDER BY first_seen_at
