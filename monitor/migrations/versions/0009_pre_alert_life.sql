-- The whole life of an alert: silenced, inhibited, exhausted; what has one cause is told in one message; dead letters are
-- tried on; links acknowledge.

ALTER TABLE alert
    DROP CONSTRAINT alert_state_check,
    DROP CONSTRAINT alert_check2,
    DROP CONSTRAINT alert_check3,
    ADD COLUMN target text,
    ADD COLUMN flaps integer NOT NULL DEFAULT 0,
    ADD COLUMN good_since timestamptz,
    ADD COLUMN muted_by text,
    ADD COLUMN muted_until timestamptz,
    ADD CONSTRAINT alert_state_check CHECK (
        state IN ('pending', 'firing', 'acknowledged', 'exhausted', 'silenced', 'inhibited', 'resolved')
    ),
    ADD CONSTRAINT alert_pending_check CHECK (state <> 'pending' OR fired_at IS NULL),
    ADD CONSTRAINT alert_steps_check CHECK (
        state IN ('firing', 'exhausted') OR (escalates_at IS NULL AND reminds_at IS NULL)
    ),
    ADD CONSTRAINT alert_muted_check CHECK ((state IN ('silenced', 'inhibited')) = (muted_by IS NOT NULL)),
    ADD CONSTRAINT alert_silence_check CHECK (state = 'silenced' OR muted_until IS NULL);
COMMENT ON COLUMN alert.target IS 'What its probe looks at; NULL for this host.';
COMMENT ON COLUMN alert.flaps IS 'How often in a row the fault came back shortly after its end.';
COMMENT ON COLUMN alert.good_since IS 'When the consecutive good evaluations began.';
COMMENT ON COLUMN alert.muted_by IS 'The silence, or the graver alert, that keeps it quiet.';
DROP INDEX alert_due;
CREATE INDEX alert_due ON alert (LEAST(escalates_at, reminds_at, acknowledged_until, muted_until))
    WHERE state IN ('firing', 'acknowledged', 'exhausted', 'silenced');
CREATE INDEX alert_latest ON alert (fingerprint, opened_at DESC);

CREATE INDEX alert_event_at ON alert_event (at);

ALTER TABLE notification
    ADD COLUMN origin text,
    ADD COLUMN group_key text NOT NULL DEFAULT '',
    ADD COLUMN fallen_at timestamptz;
UPDATE notification SET origin = channel;
ALTER TABLE notification ALTER COLUMN origin SET NOT NULL;
COMMENT ON COLUMN notification.origin IS 'The channel that was meant first: what fell to another one has both.';
COMMENT ON COLUMN notification.group_key IS 'What has one cause may be told in one message.';
COMMENT ON COLUMN notification.fallen_at IS 'When its deadline passed; it is tried on until another channel has it.';

CREATE TABLE silence (
    id text PRIMARY KEY,
    matcher text NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    by text NOT NULL,
    reason text NOT NULL,
    deployment text,
    CHECK (starts_at <= ends_at)
);
COMMENT ON COLUMN silence.deployment IS 'The deployment with which it ends, where it is bound to one.';
CREATE INDEX silence_ends ON silence (ends_at);

CREATE TABLE acknowledge_link (
    hash text PRIMARY KEY,
    channel text NOT NULL,
    alerts text[] NOT NULL,
    occurrences integer[] NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    used_by text,
    CHECK (cardinality(alerts) = cardinality(occurrences)),
    CHECK ((used_at IS NULL) = (used_by IS NULL))
);
COMMENT ON TABLE acknowledge_link IS 'Links that were sent, as hashes. Of no alert: a test of a channel.';
CREATE INDEX acknowledge_link_expires ON acknowledge_link (expires_at);

CREATE TABLE finding_run (
    series text NOT NULL,
    rule text NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL,
    route text NOT NULL,
    unit text NOT NULL,
    level text NOT NULL CHECK (level IN ('warning', 'critical')),
    evaluations integer NOT NULL CHECK (evaluations > 0),
    summary text NOT NULL,
    value double precision,
    value_limit double precision,
    PRIMARY KEY (series, rule, started_at),
    CHECK (started_at <= ended_at)
);
COMMENT ON TABLE finding_run IS 'Consecutive evaluations of one rule on one series at one level: what alerts were made of.';
COMMENT ON COLUMN finding_run.ended_at IS 'The last such evaluation.';
CREATE INDEX finding_run_ended ON finding_run (ended_at);
