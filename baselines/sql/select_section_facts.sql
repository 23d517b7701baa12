-- The facts of a section as they are now. $1 section id integer. Relies on ledger_fact_pkey.
SELECT item, value
FROM (SELECT DISTINCT ON (item) item, value FROM ledger_fact WHERE section_id = $1 ORDER BY item, at DESC) AS latest
WHERE value IS NOT NULL
