-- Phase 6, verification: nothing got lost, the times are compared with phase 1's, and the planner learns the new shape.

VACUUM (ANALYZE) client_products;

DO $$
BEGIN
    IF EXISTS (SELECT FROM client_products WHERE ownership_details IS NULL) THEN
        RAISE EXCEPTION 'there are products whose ownership was not migrated: run phase 3 again';
    END IF;
    IF EXISTS (SELECT FROM client_products AS p
               WHERE count_jsonb_keys(p.ownership_details -> 'owners')
                     <> (SELECT count(*) FROM product_owner_products AS o WHERE o.product_id = p.id)) THEN
        RAISE EXCEPTION 'there are products whose owners were not all migrated: run phase 3 again';
    END IF;
END
$$;

REFRESH MATERIALIZED VIEW CONCURRENTLY client_complete_summary;
REFRESH MATERIALIZED VIEW CONCURRENTLY client_ownership_summary;

-- A difference under two milliseconds is the clock's and the machine's, whatever it is in percent.
INSERT INTO migration_benchmarks (test_name, phase, baseline_ms, current_ms, change_percent, within_tolerance)
SELECT b.test_name, 'phase_6', b.baseline_ms, ms, 100 * (ms / b.baseline_ms - 1),
       ms <= greatest(b.baseline_ms + 2, b.baseline_ms * (1 + c.value::double precision / 100))
FROM migration_benchmarks AS b
JOIN migration_control AS c ON c.setting = 'performance_tolerance_percent'
CROSS JOIN LATERAL benchmark_ms(benchmark_statement(b.test_name), 5) AS ms
WHERE b.phase = 'phase_1';

UPDATE migration_control SET value = 'phase_6', updated_at = now() WHERE setting = 'current_phase';

VACUUM (ANALYZE);
