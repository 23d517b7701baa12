-- What the checks after a deployment found.

CREATE TABLE check_run (
    environment text NOT NULL,
    kind text NOT NULL CHECK (
        kind IN ('system_health_check', 'performance_test_suite', 'index_usage_analysis', 'constraint_validation')
    ),
    at timestamptz NOT NULL,
    status text NOT NULL CHECK (status IN ('PASS', 'WARNING', 'FAIL')),
    release text NOT NULL,
    document jsonb NOT NULL,
    PRIMARY KEY (environment, kind, at)
);
COMMENT ON TABLE check_run IS 'One row a run of a check: every line of every component, with its figure or its reason.';
CREATE INDEX check_run_at ON check_run (at);
