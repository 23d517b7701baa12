-- Retention: drops snapshots taken before. $1 timestamptz. Relies on snapshot_at.
DELETE FROM snapshot WHERE at < $1
