-- How many alerts that are not resolved stand where. Relies on the partial index of open fingerprints.
SELECT tier, state, count(*) AS alerts FROM alert WHERE state <> 'resolved' GROUP BY tier, state
