-- The series registry, samples in chunks with rollups by time partition, baselines, and access tokens.

CREATE TABLE series (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    unit text NOT NULL,
    direction text NOT NULL,
    cadence_seconds double precision,
    route text
);
COMMENT ON TABLE series IS 'What a series is; unit and direction never change under a name.';

-- Samples. The newest hour stands row by row in a logged table, so that a crash loses at most the last second;
-- closed hours stand in one row per series and hour, as arrays (measured: 17.5 bytes a sample instead of 44 to 118).

CREATE TABLE sample_state (
    code smallint PRIMARY KEY,
    outcome text NOT NULL,
    reason text NOT NULL,
    UNIQUE (outcome, reason)
);
COMMENT ON TABLE sample_state IS 'The closed lists of outcomes and reasons, as two bytes a sample.';

CREATE TABLE sample_head (
    series_id integer NOT NULL REFERENCES series,
    started_at timestamptz NOT NULL,
    value real,
    state smallint NOT NULL,
    disturbed boolean NOT NULL,
    lateness_ms smallint NOT NULL,
    correlation_id text NOT NULL
);
COMMENT ON COLUMN sample_head.value IS 'In the base unit of the series; the time waited where the call timed out.';
COMMENT ON COLUMN sample_head.lateness_ms IS 'Between the intended and the actual start; the largest value is that or more.';
CREATE INDEX sample_head_series ON sample_head (series_id, started_at);
CREATE INDEX sample_head_started ON sample_head USING brin (started_at);

CREATE TABLE sample_chunk (
    series_id integer NOT NULL,
    hour timestamptz NOT NULL,
    offset_ms integer[] NOT NULL,
    value real[] NOT NULL,
    state smallint[] NOT NULL,
    disturbed boolean[] NOT NULL,
    lateness_ms smallint[] NOT NULL,
    PRIMARY KEY (series_id, hour)
) PARTITION BY RANGE (hour);
COMMENT ON TABLE sample_chunk IS 'One closed hour of a series in a row; partitions by ISO week, UTC.';

CREATE TABLE sample_rollup (
    series_id integer NOT NULL,
    hour timestamptz NOT NULL,
    n integer NOT NULL,
    failed integer NOT NULL,
    disturbed integer NOT NULL,
    mean real,
    minimum real,
    p20 real,
    median real,
    p95 real,
    p99 real,
    maximum real,
    PRIMARY KEY (series_id, hour)
) PARTITION BY RANGE (hour);
COMMENT ON TABLE sample_rollup IS 'One hour of a series in figures, of calls that answered undisturbed; partitions by month, UTC.';

CREATE FUNCTION ensure_sample_partitions(moment timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    week timestamptz := date_trunc('week', moment, 'UTC');
    month timestamptz := date_trunc('month', moment, 'UTC');
    next_month timestamptz := ((month AT TIME ZONE 'UTC') + interval '1 month') AT TIME ZONE 'UTC';
BEGIN
    -- Two instances may come here at once; CREATE TABLE IF NOT EXISTS alone does not stand that.
    PERFORM pg_advisory_xact_lock(hashtext('portalwatch.partitions'));
    EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF sample_chunk FOR VALUES FROM (%L) TO (%L)',
        'sample_chunk_' || to_char(week AT TIME ZONE 'UTC', 'IYYY"w"IW'), week, week + interval '168 hours');
    EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF sample_rollup FOR VALUES FROM (%L) TO (%L)',
        'sample_rollup_' || to_char(month AT TIME ZONE 'UTC', 'YYYY"m"MM'), month, next_month);
END $$;

CREATE FUNCTION drop_sample_partitions(parent regclass, before timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    partition record;
    dropped integer := 0;
BEGIN
    FOR partition IN
        SELECT child.oid::regclass AS name,
               (regexp_match(pg_get_expr(child.relpartbound, child.oid), 'TO \(''([^'']+)''\)'))[1]::timestamptz AS ends
        FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
        WHERE inhparent = parent
    LOOP
        IF partition.ends <= before THEN
            EXECUTE format('DROP TABLE %s', partition.name);
            dropped := dropped + 1;
        END IF;
    END LOOP;
    RETURN dropped;
END $$;

-- Baselines: written whole in one transaction and never changed; further sessions are a capture that extends one.

CREATE TABLE baseline (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    environment text NOT NULL,
    release text NOT NULL,
    captured_by text NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz NOT NULL,
    extends_id integer REFERENCES baseline ON DELETE CASCADE,
    active boolean NOT NULL DEFAULT false,
    approved_by text,
    approved_at timestamptz,
    expires_at timestamptz,
    CHECK (finished_at >= started_at),
    CHECK (NOT (active AND extends_id IS NOT NULL))
);
CREATE UNIQUE INDEX baseline_active ON baseline (environment) WHERE active;

CREATE TABLE capture_session (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    baseline_id integer NOT NULL REFERENCES baseline ON DELETE CASCADE,
    number integer NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz NOT NULL,
    conditions jsonb NOT NULL,
    UNIQUE (baseline_id, number)
);

CREATE TABLE capture_samples (
    session_id integer NOT NULL REFERENCES capture_session ON DELETE CASCADE,
    series_id integer NOT NULL REFERENCES series,
    value double precision[] NOT NULL,
    timed_out boolean[] NOT NULL,
    cold_value double precision[] NOT NULL,
    cold_timed_out boolean[] NOT NULL,
    plan text[],
    PRIMARY KEY (session_id, series_id)
);
COMMENT ON COLUMN capture_samples.value IS 'In the base unit of the series; NULL where the call failed.';
CREATE INDEX capture_samples_series ON capture_samples (series_id);

-- When each release of the portal was first watched: what a chart marks as its deployment.

CREATE TABLE release_seen (
    environment text NOT NULL,
    release text NOT NULL,
    first_seen_at timestamptz NOT NULL,
    PRIMARY KEY (environment, release)
);

-- Who may do what: only the hash of a token is ever stored.

CREATE TABLE access_token (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    access_right text NOT NULL CHECK (access_right IN ('operator', 'ingest')),
    token_hash bytea NOT NULL UNIQUE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz
);
