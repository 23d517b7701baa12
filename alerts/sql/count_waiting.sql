-- How many notifications are written and not yet delivered, and since when the step that has been due longest is due.
-- $1 now timestamptz. Relies on alert_due.
SELECT
    (SELECT count(*) FROM notification WHERE state IN ('pending', 'leased')) AS waiting,
    (
        SELECT min(LEAST(escalates_at, reminds_at, acknowledged_until, muted_until))
        FROM alert
        WHERE
            state IN ('firing', 'acknowledged', 'exhausted', 'silenced')
            AND LEAST(escalates_at, reminds_at, acknowledged_until, muted_until) <= $1
    ) AS due_since
