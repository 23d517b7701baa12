SELECT coalesce(bit_xor(hash_record_extended(ROW(indexrelid, pg_index.xmin, class.xmin), 0)), 0)::text
FROM pg_index JOIN pg_class AS class ON class.oid = indexrelid
WHERE indexrelid >= 16384 AND relpersistence <> 't'
