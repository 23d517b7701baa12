-- What was true of the watched systems besides their times, and close looks at how statements are carried out.

CREATE TABLE ledger_section (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    environment text NOT NULL,
    source text NOT NULL,
    section text NOT NULL,
    digest text NOT NULL,
    first_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    CONSTRAINT ledger_section_key UNIQUE (environment, source, section)
);
COMMENT ON TABLE ledger_section IS 'Facts that are read together; the digest of the last ones tells whether anything changed.';

CREATE TABLE ledger_fact (
    section_id integer NOT NULL REFERENCES ledger_section ON DELETE CASCADE,
    item text NOT NULL,
    at timestamptz NOT NULL,
    value text,
    PRIMARY KEY (section_id, item, at)
);
COMMENT ON TABLE ledger_fact IS 'What an item became at an instant, NULL where it went: its value holds until the next row.';
CREATE INDEX ledger_fact_section_at ON ledger_fact (section_id, at);

CREATE TABLE inspection (
    series_id integer NOT NULL REFERENCES series,
    at timestamptz NOT NULL,
    generic boolean,
    server_seconds double precision,
    rows_returned bigint,
    hit_ratio double precision,
    analyzed_at jsonb NOT NULL,
    settings jsonb NOT NULL,
    PRIMARY KEY (series_id, at)
);
COMMENT ON TABLE inspection IS 'Figures of a look inside; the plan is the one the ledger has of the series at that instant.';
CREATE INDEX inspection_at ON inspection USING brin (at);
