-- Evidence that stays: what a database and its host were doing when something looked wrong.

CREATE TABLE snapshot (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    environment text NOT NULL,
    source text NOT NULL,
    at timestamptz NOT NULL,
    document jsonb NOT NULL,
    CONSTRAINT snapshot_is_bounded CHECK (octet_length(document::text) <= 128 * 1024)
);
CREATE INDEX snapshot_at ON snapshot (at);
COMMENT ON TABLE snapshot IS 'Sessions, waits and processes at one instant, as JSON without constants of statements.';
