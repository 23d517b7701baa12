-- Uses a link up. $1 hash text, $2 now timestamptz, $3 by text. Relies on acknowledge_link_pkey.
UPDATE acknowledge_link SET used_at = $2, used_by = $3 WHERE hash = $1 AND used_at IS NULL
