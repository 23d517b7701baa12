-- Writes what of an alert can change. $1 id text, $2 to $27: the columns in the order below. Relies on alert_pkey.
UPDATE alert
SET
    level = $2, tier = $3, state = $4, summary = $5, value = $6, value_limit = $7, action = $8,
    bad_count = $9, critical_count = $10, good_count = $11, occurrence = $12, step = $13, channels = $14,
    updated_at = $15, target = $16, flaps = $17, good_since = $18, fired_at = $19, acknowledged_at = $20,
    acknowledged_by = $21, acknowledged_until = $22, resolved_at = $23, escalates_at = $24, reminds_at = $25,
    muted_by = $26, muted_until = $27
WHERE id = $1
