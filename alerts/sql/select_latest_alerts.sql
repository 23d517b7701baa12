-- Of each of these fingerprints the alert that opened last. $1 fingerprints text[]. Relies on alert_latest.
SELECT DISTINCT ON (fingerprint) * FROM alert WHERE fingerprint = ANY($1::text[]) ORDER BY fingerprint, opened_at DESC
