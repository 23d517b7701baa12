-- The whole workload: what the statements of a watched database took between two readings of its counters.

CREATE TABLE workload_statement (
    key text PRIMARY KEY,
    text text NOT NULL,
    writes boolean NOT NULL
);
COMMENT ON TABLE workload_statement IS 'Statements by a key made of their normal form; the text has no constants.';

CREATE TABLE workload_bin (
    environment text NOT NULL,
    database text NOT NULL,
    finished_at timestamptz NOT NULL,
    started_at timestamptz NOT NULL,
    statement_keys text[] NOT NULL,
    calls bigint[] NOT NULL,
    seconds double precision[] NOT NULL,
    rows bigint[] NOT NULL,
    other_calls bigint NOT NULL,
    other_seconds double precision NOT NULL,
    other_rows bigint NOT NULL,
    PRIMARY KEY (environment, database, finished_at),
    CONSTRAINT workload_bin_lasts CHECK (finished_at > started_at),
    CONSTRAINT workload_bin_lengths CHECK (
        cardinality(statement_keys) = cardinality(calls)
        AND cardinality(calls) = cardinality(seconds)
        AND cardinality(seconds) = cardinality(rows)
    )
);
COMMENT ON COLUMN workload_bin.database IS 'The name of the target.';
COMMENT ON COLUMN workload_bin.other_calls IS 'Of all that is in none of the statements of this bin.';

CREATE TABLE workload_gap (
    environment text NOT NULL,
    database text NOT NULL,
    at timestamptz NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (environment, database, at)
);
COMMENT ON TABLE workload_gap IS 'Why a database did not tell what it did, such as an extension that is not there.';
