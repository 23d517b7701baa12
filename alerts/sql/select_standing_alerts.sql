-- Alerts that are open and not pending, locked until the transaction ends: what may speak for others, and what others may
-- speak for. Relies on the partial index of open fingerprints.
SELECT * FROM alert WHERE state NOT IN ('pending', 'resolved') ORDER BY fingerprint FOR NO KEY UPDATE
