-- The latest snapshots of an environment since an instant, newest first. $1 environment text, $2 since timestamptz,
-- $3 how many at most. Relies on snapshot_at.
SELECT id, document
FROM snapshot
WHERE environment = $1 AND at >= $2
ORDER BY at DESC, id DESC
LIMIT $3
