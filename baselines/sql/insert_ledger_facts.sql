-- What a section's items became; NULL for one that is gone.
-- $1 section id integer, $2 at timestamptz, $3 items text[], $4 values text[].
INSERT INTO ledger_fact (section_id, item, at, value)
SELECT $1, item, $2, value FROM unnest($3::text[], $4::text[]) AS fact (item, value)
