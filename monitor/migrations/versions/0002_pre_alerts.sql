-- The life of alerts, what happened to each of them, and the outbox of notifications.

CREATE TABLE alert (
    id text PRIMARY KEY,
    fingerprint text NOT NULL,
    series text NOT NULL,
    route text NOT NULL,
    rule text NOT NULL,
    unit text NOT NULL,
    level text NOT NULL CHECK (level IN ('warning', 'critical')),
    tier text NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'firing', 'acknowledged', 'resolved')),
    summary text NOT NULL,
    value double precision,
    value_limit double precision,
    action text,
    bad_count integer NOT NULL,
    critical_count integer NOT NULL,
    good_count integer NOT NULL,
    occurrence integer NOT NULL,
    step integer NOT NULL,
    channels text[] NOT NULL,
    opened_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    fired_at timestamptz,
    acknowledged_at timestamptz,
    acknowledged_by text,
    acknowledged_until timestamptz,
    resolved_at timestamptz,
    escalates_at timestamptz,
    reminds_at timestamptz,
    CHECK ((state = 'acknowledged') = (acknowledged_until IS NOT NULL)),
    CHECK ((state = 'resolved') = (resolved_at IS NOT NULL)),
    CHECK ((state = 'pending') = (fired_at IS NULL)),
    CHECK (state = 'firing' OR (escalates_at IS NULL AND reminds_at IS NULL))
);
COMMENT ON COLUMN alert.fingerprint IS 'Series and rule: at most one alert of it is open.';
COMMENT ON COLUMN alert.level IS 'The worst level this alert had evidence of.';
COMMENT ON COLUMN alert.value IS 'The figure last judged, in base units (a ratio for the baseline rule).';
COMMENT ON COLUMN alert.critical_count IS 'Of the consecutive bad evaluations, the latest that were critical.';
COMMENT ON COLUMN alert.occurrence IS 'How often it fired, rose or re-opened; 0 while pending.';
COMMENT ON COLUMN alert.step IS 'How many more times this occurrence was told of: escalations, reminders, the end.';
COMMENT ON COLUMN alert.channels IS 'Everybody who was told, so that they hear of the end.';
CREATE UNIQUE INDEX alert_open ON alert (fingerprint) WHERE state <> 'resolved';
CREATE INDEX alert_due ON alert (LEAST(escalates_at, reminds_at, acknowledged_until))
    WHERE state IN ('firing', 'acknowledged');
CREATE INDEX alert_opened ON alert (opened_at DESC, id);

CREATE TABLE alert_event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alert_id text NOT NULL REFERENCES alert,
    at timestamptz NOT NULL,
    event text NOT NULL,
    tier text NOT NULL,
    channel text,
    by text,
    detail text NOT NULL
);
COMMENT ON TABLE alert_event IS 'Everything that happened to an alert; rows are added and never changed.';
COMMENT ON COLUMN alert_event.by IS 'The person who acknowledged, or the instance that delivered.';
CREATE INDEX alert_event_alert ON alert_event (alert_id, id);

CREATE FUNCTION refuse_change_of_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the history of alerts is append-only';
END
$$;
CREATE TRIGGER alert_event_append_only BEFORE UPDATE OR DELETE ON alert_event
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_history();

CREATE TABLE notification (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key text NOT NULL UNIQUE,
    alert_id text NOT NULL REFERENCES alert,
    channel text NOT NULL,
    reason text NOT NULL,
    occurrence integer NOT NULL,
    step integer NOT NULL,
    fallbacks text[] NOT NULL,
    state text NOT NULL DEFAULT 'pending'
        CHECK (state IN ('pending', 'leased', 'delivered', 'stopped', 'dead')),
    attempts integer NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL,
    deadline_at timestamptz NOT NULL,
    leased_by text,
    lease_until timestamptz,
    settled_at timestamptz,
    last_error text NOT NULL DEFAULT '',
    CHECK (state <> 'leased' OR (leased_by IS NOT NULL AND lease_until IS NOT NULL)),
    CHECK ((state IN ('delivered', 'stopped', 'dead')) = (settled_at IS NOT NULL))
);
COMMENT ON COLUMN notification.key IS 'alert:occurrence:step:reason:channel: one message is queued once.';
COMMENT ON COLUMN notification.fallbacks IS 'The channels still to fall to when this one is dead.';
COMMENT ON COLUMN notification.attempts IS 'Claims so far; the latest claim alone may settle the row.';
CREATE INDEX notification_queue ON notification (channel, due_at) WHERE state IN ('pending', 'leased');
CREATE INDEX notification_alert ON notification (alert_id, id);
