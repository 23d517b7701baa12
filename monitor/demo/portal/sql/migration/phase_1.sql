-- Phase 1, validation and baseline: the migration's own books, what must hold before it, and times to compare with.

CREATE TABLE migration_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    phase text NOT NULL,
    operation text NOT NULL,
    status text NOT NULL CHECK (status IN ('started', 'completed', 'failed', 'rolled_back')),
    error_message text,
    execution_seconds double precision,
    rows_affected bigint,
    started_at timestamptz NOT NULL,
    finished_at timestamptz
);

CREATE TABLE migration_benchmarks (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    test_name text NOT NULL,
    phase text NOT NULL,
    baseline_ms double precision NOT NULL,
    current_ms double precision NOT NULL,
    change_percent double precision NOT NULL,
    within_tolerance boolean NOT NULL,
    measured_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE migration_control (
    setting text PRIMARY KEY,
    value text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);

INSERT INTO migration_control (setting, value)
VALUES ('performance_tolerance_percent', '25'), ('current_phase', 'phase_1');

-- The best of several runs: what a statement costs by itself, whatever else the machine does meanwhile.
CREATE FUNCTION benchmark_ms(statement text, runs integer) RETURNS double precision LANGUAGE plpgsql AS $$
DECLARE
    started timestamptz;
    elapsed double precision;
    best double precision;
BEGIN
    FOR run IN 1..runs LOOP
        started := clock_timestamp();
        EXECUTE statement;
        elapsed := 1000 * EXTRACT(epoch FROM clock_timestamp() - started);
        best := least(best, elapsed);
    END LOOP;
    RETURN best;
END
$$;

CREATE FUNCTION benchmark_statement(test_name text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE test_name
        WHEN 'client_groups_list' THEN
            'SELECT g.id, count(p.id) FROM client_groups AS g LEFT JOIN client_products AS p ON p.client_id = g.id'
            ' GROUP BY g.id'
        WHEN 'product_ownership_query' THEN
            'SELECT p.id, count(*) FROM client_products AS p JOIN product_owner_products AS o ON o.product_id = p.id'
            ' GROUP BY p.id'
        WHEN 'portfolio_valuation_aggregation' THEN
            'SELECT v.portfolio_id, avg(v.valuation) FROM client_products AS p'
            ' JOIN portfolio_valuations AS v ON v.portfolio_id = p.portfolio_id WHERE p.client_id = 65'
            ' GROUP BY v.portfolio_id'
    END
$$;

DO $$
BEGIN
    IF EXISTS (SELECT FROM client_products AS p LEFT JOIN client_groups AS g ON g.id = p.client_id WHERE g.id IS NULL) THEN
        RAISE EXCEPTION 'there are products without a client group: repair them before the migration';
    END IF;
    IF EXISTS (SELECT FROM client_products AS p
               WHERE NOT EXISTS (SELECT FROM product_owner_products AS o WHERE o.product_id = p.id)) THEN
        RAISE EXCEPTION 'there are products without an owner: repair them before the migration';
    END IF;
    IF NOT EXISTS (SELECT FROM client_groups WHERE status = 'active') THEN
        RAISE EXCEPTION 'there is no active client group: is this the right database?';
    END IF;
END
$$;

INSERT INTO migration_benchmarks (test_name, phase, baseline_ms, current_ms, change_percent, within_tolerance)
SELECT test, 'phase_1', ms, ms, 0, true
FROM unnest(ARRAY['client_groups_list', 'product_ownership_query', 'portfolio_valuation_aggregation']) AS test
CROSS JOIN LATERAL benchmark_ms(benchmark_statement(test), 5) AS ms;
