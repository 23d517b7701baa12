SELECT coalesce(bit_xor(hash_record_extended(ROW(oid, xmin), 0)), 0)::text FROM pg_constraint
WHERE oid >= 16384 AND conrelid <> 0
