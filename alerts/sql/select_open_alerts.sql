-- The open alerts of these fingerprints, locked until the transaction ends and always in one order, so that callers
-- queue and never deadlock. $1 fingerprints text[]. Relies on alert_open.
SELECT * FROM alert WHERE fingerprint = ANY($1::text[]) AND state <> 'resolved' ORDER BY fingerprint FOR NO KEY UPDATE
