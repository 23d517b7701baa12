-- Retention: drops facts of one section that another of the same item had replaced by then.
-- $1 timestamptz: what was replaced before this goes; $2 section text. Relies on ledger_fact_section_at.
DELETE FROM ledger_fact AS old
USING ledger_section AS section
WHERE section.id = old.section_id AND section.section = $2 AND old.at < $1
  AND EXISTS (
      SELECT FROM ledger_fact AS newer
      WHERE newer.section_id = old.section_id AND newer.item = old.item AND newer.at > old.at AND newer.at < $1
  )
