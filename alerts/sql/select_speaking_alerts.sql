-- Alerts that may speak for others: critical, and told or silenced. Relies on the partial index of open fingerprints.
SELECT * FROM alert WHERE state NOT IN ('pending', 'inhibited', 'resolved') AND level = 'critical'
