-- Groups last seen before $2, and those beyond the newest $3. $1 environment.
DELETE FROM error_group WHERE environment = $1 AND (last_seen < $2 OR fingerprint IN (
    SELECT fingerprint FROM error_group WHERE environment = $1 ORDER BY last_seen DESC, fingerprint OFFSET $3
))
