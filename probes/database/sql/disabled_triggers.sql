-- Triggers that are switched off: those that keep up a foreign key once for it, and those by themselves.
SELECT DISTINCT t.tgrelid::regclass::text AS relation,
       coalesce(quote_ident(c.conname), quote_ident(t.tgname)) AS name,
       coalesce('the foreign key ' || quote_ident(c.conname), '') AS "constraint"
FROM pg_trigger AS t
LEFT JOIN pg_constraint AS c ON c.oid = t.tgconstraint AND t.tgisinternal AND c.contype = 'f'
WHERE t.tgenabled = 'D'
ORDER BY relation, name
