-- Alerts for which a step by the clock is due (escalation, reminder, end of an acknowledgement or a silence), the latest
-- first, locked. $1 now timestamptz, $2 limit integer. Relies on alert_due.
SELECT * FROM alert
WHERE
    state IN ('firing', 'acknowledged', 'exhausted', 'silenced')
    AND LEAST(escalates_at, reminds_at, acknowledged_until, muted_until) <= $1
ORDER BY LEAST(escalates_at, reminds_at, acknowledged_until, muted_until)
LIMIT $2
FOR NO KEY UPDATE
