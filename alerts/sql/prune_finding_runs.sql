-- Forgets runs of findings that ended before an instant. $1 timestamptz. Relies on finding_run_ended.
DELETE FROM finding_run WHERE ended_at < $1
