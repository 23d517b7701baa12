-- A digest of everything but the statistics; functions of an extension go with its version.
SELECT CASE prokind WHEN 'p' THEN 'procedure ' WHEN 'a' THEN 'aggregate ' ELSE 'function ' END
           || function.oid::regprocedure AS item,
       '#' || md5(concat_ws('|', prosrc, probin, prosqlbody, proconfig, prolang, prorettype, provolatile, proparallel,
                            proisstrict, prosecdef, proleakproof, procost, prorows)) AS value
FROM pg_proc AS function
WHERE oid >= 16384
  AND NOT EXISTS (
      SELECT FROM pg_depend
      WHERE classid = 'pg_proc'::regclass AND objid = function.oid AND deptype = 'e'
  )
