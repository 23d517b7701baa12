SELECT coalesce(bit_xor(hash_record_extended(ROW(oid, xmin), 0)), 0)::text FROM pg_trigger WHERE NOT tgisinternal
