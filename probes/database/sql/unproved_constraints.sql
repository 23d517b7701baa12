-- Constraints that are NOT VALID; of a foreign key, the columns of both sides as conditions.
SELECT c.conrelid::regclass::text AS relation, quote_ident(c.conname) AS name, c.contype = 'f' AS foreign_key,
       CASE WHEN c.contype = 'f' THEN c.confrelid::regclass::text END AS parent,
       k.columns, k.present, k.equal
FROM pg_constraint AS c
LEFT JOIN LATERAL (
    SELECT string_agg(format('%I', a.attname), ', ' ORDER BY u.place) AS columns,
           string_agg(format('child.%I IS NOT NULL', a.attname), ' AND ' ORDER BY u.place) AS present,
           string_agg(format('parent.%I = child.%I', b.attname, a.attname), ' AND ' ORDER BY u.place) AS equal
    FROM unnest(c.conkey, c.confkey) WITH ORDINALITY AS u (own, other, place)
    JOIN pg_attribute AS a ON (a.attrelid, a.attnum) = (c.conrelid, u.own)
    JOIN pg_attribute AS b ON (b.attrelid, b.attnum) = (c.confrelid, u.other)
) AS k ON c.contype = 'f'
WHERE c.contype IN ('c', 'f') AND NOT c.convalidated AND c.conrelid <> 0
ORDER BY relation, name
