-- Alerts for which a step by the clock is due (escalation, reminder, end of an acknowledgement), the latest first,
-- locked; those another process has in hand are left to it. $1 now timestamptz, $2 limit integer. Relies on alert_due.
SELECT * FROM alert
WHERE state IN ('firing', 'acknowledged') AND LEAST(escalates_at, reminds_at, acknowledged_until) <= $1
ORDER BY LEAST(escalates_at, reminds_at, acknowledged_until)
LIMIT $2
FOR NO KEY UPDATE SKIP LOCKED
