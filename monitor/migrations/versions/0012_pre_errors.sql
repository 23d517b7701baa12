-- Errors that the portal and its pages sent in.

CREATE TABLE error_group (
    environment text NOT NULL,
    fingerprint text NOT NULL,
    class text NOT NULL,
    name text NOT NULL,
    message text NOT NULL,
    frames text[] NOT NULL,
    first_seen timestamptz NOT NULL,
    last_seen timestamptz NOT NULL,
    occurrences bigint NOT NULL,
    PRIMARY KEY (environment, fingerprint)
);
COMMENT ON TABLE error_group IS 'One row a kind of error; message and frames hold no constants.';
CREATE INDEX error_group_last_seen ON error_group (environment, last_seen);

CREATE TABLE error_count (
    environment text NOT NULL,
    fingerprint text NOT NULL,
    component text NOT NULL,
    at timestamptz NOT NULL,
    occurrences bigint NOT NULL,
    PRIMARY KEY (environment, fingerprint, component, at),
    FOREIGN KEY (environment, fingerprint) REFERENCES error_group ON DELETE CASCADE
);
COMMENT ON TABLE error_count IS 'Occurrences by minute, and by hour once they are older than a day.';
CREATE INDEX error_count_at ON error_count (environment, at);

CREATE TABLE error_event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    environment text NOT NULL,
    fingerprint text NOT NULL,
    at timestamptz NOT NULL,
    said_at timestamptz,
    correlation_id text,
    user_hash bytea,
    component text NOT NULL,
    action text NOT NULL,
    path text NOT NULL,
    browser text NOT NULL,
    FOREIGN KEY (environment, fingerprint) REFERENCES error_group ON DELETE CASCADE
);
COMMENT ON TABLE error_event IS 'The newest of each group. A user is a keyed hash, or nothing.';
CREATE INDEX error_event_group ON error_event (environment, fingerprint, at);
CREATE INDEX error_event_correlation ON error_event (environment, correlation_id);
CREATE INDEX error_event_user ON error_event (environment, user_hash) WHERE user_hash IS NOT NULL;
