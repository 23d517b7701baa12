-- A line for each column, then what else is set for the table.
SELECT 'table ' || class.oid::regclass AS item,
       concat_ws(E'\n', columns.lines,
                 CASE relpersistence WHEN 'u' THEN 'unlogged' END,
                 CASE WHEN relrowsecurity THEN 'row security' END,
                 array_to_string(reloptions, E'\n')) AS value
FROM pg_class AS class
JOIN (
    SELECT attrelid,
           string_agg(concat_ws(' ', quote_ident(attname), format_type(atttypid, atttypmod),
                                CASE WHEN attnotnull THEN 'not null' END,
                                CASE WHEN attgenerated <> '' THEN 'generated as' WHEN atthasdef THEN 'default' END,
                                pg_get_expr(adbin, adrelid),
                                CASE WHEN attidentity <> '' THEN 'identity' END),
                      E'\n' ORDER BY attnum) AS lines
    FROM pg_attribute
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE attrelid >= 16384 AND attnum > 0 AND NOT attisdropped
    GROUP BY attrelid
) AS columns ON columns.attrelid = class.oid
WHERE relkind IN ('r', 'p', 'f') AND relpersistence <> 't'
