-- One snapshot. $1 environment text, $2 id bigint. Relies on snapshot_pkey.
SELECT id, document FROM snapshot WHERE environment = $1 AND id = $2
