-- What the plan of a series became, the newest first; NULL where it went.
-- $1 environment text, $2 series name text, $3 section text, $4 how many at most integer.
-- Relies on ledger_section_key and ledger_fact_section_at.
SELECT fact.at, fact.value
FROM ledger_section AS section JOIN ledger_fact AS fact ON fact.section_id = section.id
WHERE section.environment = $1 AND section.source = $2 AND section.section = $3
ORDER BY fact.at DESC
LIMIT $4
