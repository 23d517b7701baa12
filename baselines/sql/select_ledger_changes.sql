-- What differs between the states at two instants, oldest first; sections first read after the earlier one have no
-- state there and are left out. $1 environment text, $2 start, $3 end timestamptz.
-- Relies on ledger_fact_section_at and ledger_fact_pkey.
SELECT section.source, section.section, later.item, earlier.value AS before, later.value AS after, later.at
FROM ledger_section AS section
CROSS JOIN LATERAL (
    SELECT DISTINCT ON (item) item, value, at
    FROM ledger_fact WHERE section_id = section.id AND at > $2 AND at <= $3
    ORDER BY item, at DESC
) AS later
LEFT JOIN LATERAL (
    SELECT value FROM ledger_fact
    WHERE section_id = section.id AND item = later.item AND at <= $2
    ORDER BY at DESC LIMIT 1
) AS earlier ON true
WHERE section.environment = $1 AND section.first_at <= $2 AND section.changed_at > $2
  AND earlier.value IS DISTINCT FROM later.value
ORDER BY later.at, section.source, section.section, later.item
