SELECT CASE relkind WHEN 'm' THEN 'materialized view ' ELSE 'view ' END || class.oid::regclass AS item,
       CASE WHEN relispopulated THEN '#' || md5(pg_get_viewdef(class.oid)) ELSE 'not populated' END AS value
FROM pg_class AS class
WHERE class.oid >= 16384 AND relkind IN ('v', 'm')
  AND NOT EXISTS (
      SELECT FROM pg_depend
      WHERE classid = 'pg_class'::regclass AND objid = class.oid AND deptype = 'e'
  )
