-- Retention: drops runs of before, and never the latest of its kind: it still says how things stand. $1 timestamptz.
DELETE FROM check_run AS old
WHERE at < $1 AND EXISTS (
    SELECT FROM check_run AS newer WHERE (newer.environment, newer.kind) = (old.environment, old.kind) AND newer.at > old.at
)
