-- Writes what of an alert can change. $1 id text, $2 to $22: the columns in the order below. Relies on alert_pkey.
UPDATE alert
SET
    level = $2, tier = $3, state = $4, summary = $5, value = $6, value_limit = $7, action = $8,
    bad_count = $9, critical_count = $10, good_count = $11, occurrence = $12, step = $13, channels = $14,
    updated_at = $15, fired_at = $16, acknowledged_at = $17, acknowledged_by = $18, acknowledged_until = $19,
    resolved_at = $20, escalates_at = $21, reminds_at = $22
WHERE id = $1
