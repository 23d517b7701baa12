-- What an instance needs to go on without the store: of each fingerprint the alert that opened last, where it is open or
-- ended lately. $1 earliest end that counts timestamptz. Relies on alert_latest.
SELECT DISTINCT ON (fingerprint) *
FROM alert
WHERE state <> 'resolved' OR resolved_at > $1
ORDER BY fingerprint, opened_at DESC
