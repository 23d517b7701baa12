-- Opens an alert. $1 to $33: the columns in the order below, instants as timestamptz, figures in base units.
INSERT INTO alert (
    id, fingerprint, series, route, rule, unit, opened_at, level, tier, state, summary, value, value_limit,
    action, bad_count, critical_count, good_count, occurrence, step, channels, updated_at, target, flaps, good_since,
    fired_at, acknowledged_at, acknowledged_by, acknowledged_until, resolved_at, escalates_at, reminds_at, muted_by,
    muted_until
)
VALUES (
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,
    $24, $25, $26, $27, $28, $29, $30, $31, $32, $33
)
