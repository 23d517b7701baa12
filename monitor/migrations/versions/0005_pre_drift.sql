-- Watching without end: what each series is held against, and what is remembered of it between its calls.

CREATE TABLE drift_reference (
    series_id integer NOT NULL REFERENCES series,
    taken_until timestamptz NOT NULL,
    taken_from timestamptz NOT NULL,
    release text NOT NULL,
    fastest double precision[] NOT NULL,
    independent integer NOT NULL,
    approved_by text,
    approved_at timestamptz,
    reason text NOT NULL,
    PRIMARY KEY (series_id, taken_until),
    CONSTRAINT drift_reference_approval CHECK ((approved_by IS NULL) = (approved_at IS NULL))
);
COMMENT ON TABLE drift_reference IS 'The newest one of a series holds; the others are what it was held against before.';
COMMENT ON COLUMN drift_reference.fastest IS 'The fastest of each five calls in seconds, sorted.';

CREATE TABLE drift_standing (
    series_id integer PRIMARY KEY REFERENCES series,
    reference_until timestamptz NOT NULL,
    drift text NOT NULL,
    since timestamptz,
    below_since timestamptz,
    waiting double precision[] NOT NULL,
    recent double precision[] NOT NULL,
    suspicion double precision[] NOT NULL,
    degradation double precision[] NOT NULL
);
COMMENT ON TABLE drift_standing IS 'What the watcher remembers of a series, so that a restart loses no evidence.';
