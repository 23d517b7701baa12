-- Notes what a section was read as; nothing comes back where that is known already, or older than what is known.
-- Else its id, locked, and whether it was read for the first time.
-- $1 environment, $2 source, $3 section, $4 digest text; $5 at timestamptz. Relies on ledger_section_key.
INSERT INTO ledger_section AS known (environment, source, section, digest, first_at, changed_at)
VALUES ($1, $2, $3, $4, $5, $5)
ON CONFLICT (environment, source, section) DO UPDATE SET digest = EXCLUDED.digest, changed_at = EXCLUDED.changed_at
WHERE known.digest <> EXCLUDED.digest AND known.changed_at < EXCLUDED.changed_at
RETURNING id, first_at = changed_at AS is_new
