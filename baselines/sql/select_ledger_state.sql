-- The facts as they were at an instant. $1 environment text, $2 at timestamptz, $3 section text or NULL for all.
-- Relies on ledger_section_key and ledger_fact_pkey.
SELECT section.source, section.section, fact.item, fact.value, fact.at
FROM ledger_section AS section
CROSS JOIN LATERAL (
    SELECT DISTINCT ON (item) item, value, at
    FROM ledger_fact WHERE section_id = section.id AND at <= $2
    ORDER BY item, at DESC
) AS fact
WHERE section.environment = $1 AND section.section = coalesce($3, section.section) AND fact.value IS NOT NULL
ORDER BY section.source, section.section, fact.item
