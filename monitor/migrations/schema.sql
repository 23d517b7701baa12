CREATE FUNCTION public.drop_sample_partitions(parent regclass, before timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql
    AS $$
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
CREATE FUNCTION public.ensure_sample_partitions(moment timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    AS $$
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
CREATE FUNCTION public.refuse_change_of_deployment() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'what happened in a deployment is append-only';
END
$$;
CREATE FUNCTION public.refuse_change_of_history() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'the history of alerts is append-only';
END
$$;
CREATE TABLE public.access_token (
    id integer NOT NULL,
    name text NOT NULL,
    access_right text NOT NULL,
    token_hash bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    CONSTRAINT access_token_access_right_check CHECK ((access_right = ANY (ARRAY['operator'::text, 'ingest'::text])))
);
ALTER TABLE public.access_token ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.access_token_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.acknowledge_link (
    hash text NOT NULL,
    channel text NOT NULL,
    alerts text[] NOT NULL,
    occurrences integer[] NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    used_by text,
    CONSTRAINT acknowledge_link_check CHECK ((cardinality(alerts) = cardinality(occurrences))),
    CONSTRAINT acknowledge_link_check1 CHECK (((used_at IS NULL) = (used_by IS NULL)))
);
COMMENT ON TABLE public.acknowledge_link IS 'Links that were sent, as hashes. Of no alert: a test of a channel.';
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.alert (
    id text NOT NULL,
    fingerprint text NOT NULL,
    series text NOT NULL,
    route text NOT NULL,
    rule text NOT NULL,
    unit text NOT NULL,
    level text NOT NULL,
    tier text NOT NULL,
    state text NOT NULL,
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
    opened_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    fired_at timestamp with time zone,
    acknowledged_at timestamp with time zone,
    acknowledged_by text,
    acknowledged_until timestamp with time zone,
    resolved_at timestamp with time zone,
    escalates_at timestamp with time zone,
    reminds_at timestamp with time zone,
    target text,
    flaps integer DEFAULT 0 NOT NULL,
    good_since timestamp with time zone,
    muted_by text,
    muted_until timestamp with time zone,
    CONSTRAINT alert_check CHECK (((state = 'acknowledged'::text) = (acknowledged_until IS NOT NULL))),
    CONSTRAINT alert_check1 CHECK (((state = 'resolved'::text) = (resolved_at IS NOT NULL))),
    CONSTRAINT alert_level_check CHECK ((level = ANY (ARRAY['warning'::text, 'critical'::text]))),
    CONSTRAINT alert_muted_check CHECK (((state = ANY (ARRAY['silenced'::text, 'inhibited'::text])) = (muted_by IS NOT NULL))),
    CONSTRAINT alert_pending_check CHECK (((state <> 'pending'::text) OR (fired_at IS NULL))),
    CONSTRAINT alert_silence_check CHECK (((state = 'silenced'::text) OR (muted_until IS NULL))),
    CONSTRAINT alert_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'firing'::text, 'acknowledged'::text, 'exhausted'::text, 'silenced'::text, 'inhibited'::text, 'resolved'::text]))),
    CONSTRAINT alert_steps_check CHECK (((state = ANY (ARRAY['firing'::text, 'exhausted'::text])) OR ((escalates_at IS NULL) AND (reminds_at IS NULL))))
);
COMMENT ON COLUMN public.alert.fingerprint IS 'Series and rule: at most one alert of it is open.';
COMMENT ON COLUMN public.alert.level IS 'The worst level this alert had evidence of.';
COMMENT ON COLUMN public.alert.value IS 'The figure last judged, in base units (a ratio for the baseline rule).';
COMMENT ON COLUMN public.alert.critical_count IS 'Of the consecutive bad evaluations, the latest that were critical.';
COMMENT ON COLUMN public.alert.occurrence IS 'How often it fired, rose or re-opened; 0 while pending.';
COMMENT ON COLUMN public.alert.step IS 'How many more times this occurrence was told of: escalations, reminders, the end.';
COMMENT ON COLUMN public.alert.channels IS 'Everybody who was told, so that they hear of the end.';
COMMENT ON COLUMN public.alert.target IS 'What its probe looks at; NULL for this host.';
COMMENT ON COLUMN public.alert.flaps IS 'How often in a row the fault came back shortly after its end.';
COMMENT ON COLUMN public.alert.good_since IS 'When the consecutive good evaluations began.';
COMMENT ON COLUMN public.alert.muted_by IS 'The silence, or the graver alert, that keeps it quiet.';
CREATE TABLE public.alert_event (
    id bigint NOT NULL,
    alert_id text NOT NULL,
    at timestamp with time zone NOT NULL,
    event text NOT NULL,
    tier text NOT NULL,
    channel text,
    by text,
    detail text NOT NULL
);
COMMENT ON TABLE public.alert_event IS 'Everything that happened to an alert; rows are added and never changed.';
COMMENT ON COLUMN public.alert_event.by IS 'The person who acknowledged, or the instance that delivered.';
ALTER TABLE public.alert_event ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.alert_event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.baseline (
    id integer NOT NULL,
    name text NOT NULL,
    environment text NOT NULL,
    release text NOT NULL,
    captured_by text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone NOT NULL,
    extends_id integer,
    active boolean DEFAULT false NOT NULL,
    approved_by text,
    approved_at timestamp with time zone,
    expires_at timestamp with time zone,
    forced_because text,
    forced_against text[],
    CONSTRAINT baseline_approval CHECK (((approved_by IS NULL) = (approved_at IS NULL))),
    CONSTRAINT baseline_check CHECK ((finished_at >= started_at)),
    CONSTRAINT baseline_check1 CHECK ((NOT (active AND (extends_id IS NOT NULL)))),
    CONSTRAINT baseline_expiry CHECK (((expires_at IS NULL) OR (approved_at IS NOT NULL))),
    CONSTRAINT baseline_forced CHECK (((forced_because IS NULL) = (forced_against IS NULL)))
);
COMMENT ON COLUMN public.baseline.expires_at IS 'When the approval ends; NULL where it never does.';
COMMENT ON COLUMN public.baseline.forced_against IS 'What spoke against the approval, a sentence each.';
ALTER TABLE public.baseline ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.baseline_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.capture_samples (
    session_id integer NOT NULL,
    series_id integer NOT NULL,
    value double precision[] NOT NULL,
    timed_out boolean[] NOT NULL,
    cold_value double precision[] NOT NULL,
    cold_timed_out boolean[] NOT NULL,
    plan text[],
    evidence jsonb
);
COMMENT ON COLUMN public.capture_samples.value IS 'In the base unit of the series; NULL where the call failed.';
COMMENT ON COLUMN public.capture_samples.evidence IS 'Origin, phases, failures by reason, and the inspection of a query.';
CREATE TABLE public.capture_session (
    id integer NOT NULL,
    baseline_id integer NOT NULL,
    number integer NOT NULL,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone NOT NULL,
    conditions jsonb NOT NULL,
    levels jsonb DEFAULT '{}'::jsonb NOT NULL
);
COMMENT ON COLUMN public.capture_session.levels IS 'By series that is no duration, the values seen during the session.';
ALTER TABLE public.capture_session ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.capture_session_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.check_run (
    environment text NOT NULL,
    kind text NOT NULL,
    at timestamp with time zone NOT NULL,
    status text NOT NULL,
    release text NOT NULL,
    document jsonb NOT NULL,
    CONSTRAINT check_run_kind_check CHECK ((kind = ANY (ARRAY['system_health_check'::text, 'performance_test_suite'::text, 'index_usage_analysis'::text, 'constraint_validation'::text]))),
    CONSTRAINT check_run_status_check CHECK ((status = ANY (ARRAY['PASS'::text, 'WARNING'::text, 'FAIL'::text])))
);
COMMENT ON TABLE public.check_run IS 'One row a run of a check: every line of every component, with its figure or its reason.';
CREATE TABLE public.deployment (
    id integer NOT NULL,
    environment text NOT NULL,
    name text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    CONSTRAINT deployment_ends CHECK ((finished_at >= opened_at))
);
COMMENT ON TABLE public.deployment IS 'At most one of an environment is open.';
CREATE TABLE public.deployment_event (
    deployment_id integer NOT NULL,
    number integer NOT NULL,
    at timestamp with time zone NOT NULL,
    kind text NOT NULL,
    by text NOT NULL,
    phase text NOT NULL,
    source text,
    detail json NOT NULL
);
COMMENT ON TABLE public.deployment_event IS 'Rows are added and never changed.';
COMMENT ON COLUMN public.deployment_event.source IS 'What it was read from: an event of one source is kept once.';
COMMENT ON COLUMN public.deployment_event.detail IS 'As it was written: jsonb would sort the keys, and with them the phases.';
ALTER TABLE public.deployment ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.deployment_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.drift_reference (
    series_id integer NOT NULL,
    taken_until timestamp with time zone NOT NULL,
    taken_from timestamp with time zone NOT NULL,
    release text NOT NULL,
    fastest double precision[] NOT NULL,
    independent integer NOT NULL,
    approved_by text,
    approved_at timestamp with time zone,
    reason text NOT NULL,
    CONSTRAINT drift_reference_approval CHECK (((approved_by IS NULL) = (approved_at IS NULL)))
);
COMMENT ON TABLE public.drift_reference IS 'The newest one of a series holds; the others are what it was held against before.';
COMMENT ON COLUMN public.drift_reference.fastest IS 'The fastest of each five calls in seconds, sorted.';
CREATE TABLE public.drift_standing (
    series_id integer NOT NULL,
    reference_until timestamp with time zone NOT NULL,
    drift text NOT NULL,
    since timestamp with time zone,
    below_since timestamp with time zone,
    waiting double precision[] NOT NULL,
    recent double precision[] NOT NULL,
    suspicion double precision[] NOT NULL,
    degradation double precision[] NOT NULL
);
COMMENT ON TABLE public.drift_standing IS 'What the watcher remembers of a series, so that a restart loses no evidence.';
CREATE TABLE public.error_count (
    environment text NOT NULL,
    fingerprint text NOT NULL,
    component text NOT NULL,
    at timestamp with time zone NOT NULL,
    occurrences bigint NOT NULL
);
COMMENT ON TABLE public.error_count IS 'Occurrences by minute, and by hour once they are older than a day.';
CREATE TABLE public.error_event (
    id bigint NOT NULL,
    environment text NOT NULL,
    fingerprint text NOT NULL,
    at timestamp with time zone NOT NULL,
    said_at timestamp with time zone,
    correlation_id text,
    user_hash bytea,
    component text NOT NULL,
    action text NOT NULL,
    path text NOT NULL,
    browser text NOT NULL
);
COMMENT ON TABLE public.error_event IS 'The newest of each group. A user is a keyed hash, or nothing.';
ALTER TABLE public.error_event ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.error_event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.error_group (
    environment text NOT NULL,
    fingerprint text NOT NULL,
    class text NOT NULL,
    name text NOT NULL,
    message text NOT NULL,
    frames text[] NOT NULL,
    first_seen timestamp with time zone NOT NULL,
    last_seen timestamp with time zone NOT NULL,
    occurrences bigint NOT NULL
);
COMMENT ON TABLE public.error_group IS 'One row a kind of error; message and frames hold no constants.';
CREATE TABLE public.finding_run (
    series text NOT NULL,
    rule text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone NOT NULL,
    route text NOT NULL,
    unit text NOT NULL,
    level text NOT NULL,
    evaluations integer NOT NULL,
    summary text NOT NULL,
    value double precision,
    value_limit double precision,
    CONSTRAINT finding_run_check CHECK ((started_at <= ended_at)),
    CONSTRAINT finding_run_evaluations_check CHECK ((evaluations > 0)),
    CONSTRAINT finding_run_level_check CHECK ((level = ANY (ARRAY['warning'::text, 'critical'::text])))
);
COMMENT ON TABLE public.finding_run IS 'Consecutive evaluations of one rule on one series at one level: what alerts were made of.';
COMMENT ON COLUMN public.finding_run.ended_at IS 'The last such evaluation.';
CREATE TABLE public.inspection (
    series_id integer NOT NULL,
    at timestamp with time zone NOT NULL,
    generic boolean,
    server_seconds double precision,
    rows_returned bigint,
    hit_ratio double precision,
    analyzed_at jsonb NOT NULL,
    settings jsonb NOT NULL
);
COMMENT ON TABLE public.inspection IS 'Figures of a look inside; the plan is the one the ledger has of the series at that instant.';
CREATE TABLE public.ledger_fact (
    section_id integer NOT NULL,
    item text NOT NULL,
    at timestamp with time zone NOT NULL,
    value text
);
COMMENT ON TABLE public.ledger_fact IS 'What an item became at an instant, NULL where it went: its value holds until the next row.';
CREATE TABLE public.ledger_section (
    id integer NOT NULL,
    environment text NOT NULL,
    source text NOT NULL,
    section text NOT NULL,
    digest text NOT NULL,
    first_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL
);
COMMENT ON TABLE public.ledger_section IS 'Facts that are read together; the digest of the last ones tells whether anything changed.';
ALTER TABLE public.ledger_section ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.ledger_section_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.notification (
    id bigint NOT NULL,
    key text NOT NULL,
    alert_id text NOT NULL,
    channel text NOT NULL,
    reason text NOT NULL,
    occurrence integer NOT NULL,
    step integer NOT NULL,
    fallbacks text[] NOT NULL,
    state text DEFAULT 'pending'::text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    due_at timestamp with time zone NOT NULL,
    deadline_at timestamp with time zone NOT NULL,
    leased_by text,
    lease_until timestamp with time zone,
    settled_at timestamp with time zone,
    last_error text DEFAULT ''::text NOT NULL,
    origin text NOT NULL,
    group_key text DEFAULT ''::text NOT NULL,
    fallen_at timestamp with time zone,
    CONSTRAINT notification_check CHECK (((state <> 'leased'::text) OR ((leased_by IS NOT NULL) AND (lease_until IS NOT NULL)))),
    CONSTRAINT notification_check1 CHECK (((state = ANY (ARRAY['delivered'::text, 'stopped'::text, 'dead'::text])) = (settled_at IS NOT NULL))),
    CONSTRAINT notification_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'leased'::text, 'delivered'::text, 'stopped'::text, 'dead'::text])))
);
COMMENT ON COLUMN public.notification.key IS 'alert:occurrence:step:reason:channel: one message is queued once.';
COMMENT ON COLUMN public.notification.fallbacks IS 'The channels still to fall to when this one is dead.';
COMMENT ON COLUMN public.notification.attempts IS 'Claims so far; the latest claim alone may settle the row.';
COMMENT ON COLUMN public.notification.origin IS 'The channel that was meant first: what fell to another one has both.';
COMMENT ON COLUMN public.notification.group_key IS 'What has one cause may be told in one message.';
COMMENT ON COLUMN public.notification.fallen_at IS 'When its deadline passed; it is tried on until another channel has it.';
ALTER TABLE public.notification ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.notification_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.page_vital (
    environment text NOT NULL,
    at timestamp with time zone NOT NULL,
    route text NOT NULL,
    device text NOT NULL,
    metric text NOT NULL,
    bins smallint[] NOT NULL,
    counts integer[] NOT NULL,
    CONSTRAINT page_vital_device_check CHECK ((device = ANY (ARRAY['desktop'::text, 'mobile'::text, 'tablet'::text]))),
    CONSTRAINT page_vital_is_whole CHECK (((cardinality(bins) = cardinality(counts)) AND (cardinality(bins) > 0)))
);
COMMENT ON TABLE public.page_vital IS 'Five minutes of a route and a kind of device: how many visits fell into each bin of a metric.';
CREATE TABLE public.release_seen (
    environment text NOT NULL,
    release text NOT NULL,
    first_seen_at timestamp with time zone NOT NULL
);
CREATE TABLE public.sample_chunk (
    series_id integer NOT NULL,
    hour timestamp with time zone NOT NULL,
    offset_ms integer[] NOT NULL,
    value real[] NOT NULL,
    state smallint[] NOT NULL,
    disturbed boolean[] NOT NULL,
    lateness_ms smallint[] NOT NULL,
    ids jsonb DEFAULT '{}'::jsonb NOT NULL
)
PARTITION BY RANGE (hour);
COMMENT ON TABLE public.sample_chunk IS 'One closed hour of a series in a row; partitions by ISO week, UTC.';
COMMENT ON COLUMN public.sample_chunk.ids IS 'Offset in milliseconds to correlation id, of calls that failed and of the slowest.';
CREATE TABLE public.sample_head (
    series_id integer NOT NULL,
    started_at timestamp with time zone NOT NULL,
    value real,
    state smallint NOT NULL,
    disturbed boolean NOT NULL,
    lateness_ms smallint NOT NULL,
    correlation_id text NOT NULL
);
COMMENT ON COLUMN public.sample_head.value IS 'In the base unit of the series; the time waited where the call timed out.';
COMMENT ON COLUMN public.sample_head.lateness_ms IS 'Between the intended and the actual start; the largest value is that or more.';
CREATE TABLE public.sample_rollup (
    series_id integer NOT NULL,
    hour timestamp with time zone NOT NULL,
    n integer NOT NULL,
    failed integer NOT NULL,
    disturbed integer NOT NULL,
    mean real,
    minimum real,
    p20 real,
    median real,
    p95 real,
    p99 real,
    maximum real
)
PARTITION BY RANGE (hour);
COMMENT ON TABLE public.sample_rollup IS 'One hour of a series in figures, of calls that answered undisturbed; partitions by month, UTC.';
CREATE TABLE public.sample_state (
    code smallint NOT NULL,
    outcome text NOT NULL,
    reason text NOT NULL
);
COMMENT ON TABLE public.sample_state IS 'The closed lists of outcomes and reasons, as two bytes a sample.';
CREATE TABLE public.series (
    id integer NOT NULL,
    name text NOT NULL,
    unit text NOT NULL,
    direction text NOT NULL,
    cadence_seconds double precision,
    route text
);
COMMENT ON TABLE public.series IS 'What a series is; unit and direction never change under a name.';
ALTER TABLE public.series ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.series_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.silence (
    id text NOT NULL,
    matcher text NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    by text NOT NULL,
    reason text NOT NULL,
    deployment text,
    CONSTRAINT silence_check CHECK ((starts_at <= ends_at))
);
COMMENT ON COLUMN public.silence.deployment IS 'The deployment with which it ends, where it is bound to one.';
CREATE TABLE public.snapshot (
    id bigint NOT NULL,
    environment text NOT NULL,
    source text NOT NULL,
    at timestamp with time zone NOT NULL,
    document jsonb NOT NULL,
    CONSTRAINT snapshot_is_bounded CHECK ((octet_length((document)::text) <= (128 * 1024)))
);
COMMENT ON TABLE public.snapshot IS 'Sessions, waits and processes at one instant, as JSON without constants of statements.';
ALTER TABLE public.snapshot ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.snapshot_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.workload_bin (
    environment text NOT NULL,
    database text NOT NULL,
    finished_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone NOT NULL,
    statement_keys text[] NOT NULL,
    calls bigint[] NOT NULL,
    seconds double precision[] NOT NULL,
    rows bigint[] NOT NULL,
    other_calls bigint NOT NULL,
    other_seconds double precision NOT NULL,
    other_rows bigint NOT NULL,
    CONSTRAINT workload_bin_lasts CHECK ((finished_at > started_at)),
    CONSTRAINT workload_bin_lengths CHECK (((cardinality(statement_keys) = cardinality(calls)) AND (cardinality(calls) = cardinality(seconds)) AND (cardinality(seconds) = cardinality(rows))))
);
COMMENT ON COLUMN public.workload_bin.database IS 'The name of the target.';
COMMENT ON COLUMN public.workload_bin.other_calls IS 'Of all that is in none of the statements of this bin.';
CREATE TABLE public.workload_gap (
    environment text NOT NULL,
    database text NOT NULL,
    at timestamp with time zone NOT NULL,
    reason text NOT NULL
);
COMMENT ON TABLE public.workload_gap IS 'Why a database did not tell what it did, such as an extension that is not there.';
CREATE TABLE public.workload_statement (
    key text NOT NULL,
    text text NOT NULL,
    writes boolean NOT NULL
);
COMMENT ON TABLE public.workload_statement IS 'Statements by a key made of their normal form; the text has no constants.';
ALTER TABLE ONLY public.access_token
    ADD CONSTRAINT access_token_name_key UNIQUE (name);
ALTER TABLE ONLY public.access_token
    ADD CONSTRAINT access_token_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.access_token
    ADD CONSTRAINT access_token_token_hash_key UNIQUE (token_hash);
ALTER TABLE ONLY public.acknowledge_link
    ADD CONSTRAINT acknowledge_link_pkey PRIMARY KEY (hash);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.alert_event
    ADD CONSTRAINT alert_event_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.alert
    ADD CONSTRAINT alert_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.baseline
    ADD CONSTRAINT baseline_name_key UNIQUE (name);
ALTER TABLE ONLY public.baseline
    ADD CONSTRAINT baseline_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.capture_samples
    ADD CONSTRAINT capture_samples_pkey PRIMARY KEY (session_id, series_id);
ALTER TABLE ONLY public.capture_session
    ADD CONSTRAINT capture_session_baseline_id_number_key UNIQUE (baseline_id, number);
ALTER TABLE ONLY public.capture_session
    ADD CONSTRAINT capture_session_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.check_run
    ADD CONSTRAINT check_run_pkey PRIMARY KEY (environment, kind, at);
ALTER TABLE ONLY public.deployment_event
    ADD CONSTRAINT deployment_event_pkey PRIMARY KEY (deployment_id, number);
ALTER TABLE ONLY public.deployment_event
    ADD CONSTRAINT deployment_event_source UNIQUE (deployment_id, source);
ALTER TABLE ONLY public.deployment
    ADD CONSTRAINT deployment_name UNIQUE (environment, name);
ALTER TABLE ONLY public.deployment
    ADD CONSTRAINT deployment_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.drift_reference
    ADD CONSTRAINT drift_reference_pkey PRIMARY KEY (series_id, taken_until);
ALTER TABLE ONLY public.drift_standing
    ADD CONSTRAINT drift_standing_pkey PRIMARY KEY (series_id);
ALTER TABLE ONLY public.error_count
    ADD CONSTRAINT error_count_pkey PRIMARY KEY (environment, fingerprint, component, at);
ALTER TABLE ONLY public.error_event
    ADD CONSTRAINT error_event_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.error_group
    ADD CONSTRAINT error_group_pkey PRIMARY KEY (environment, fingerprint);
ALTER TABLE ONLY public.finding_run
    ADD CONSTRAINT finding_run_pkey PRIMARY KEY (series, rule, started_at);
ALTER TABLE ONLY public.inspection
    ADD CONSTRAINT inspection_pkey PRIMARY KEY (series_id, at);
ALTER TABLE ONLY public.ledger_fact
    ADD CONSTRAINT ledger_fact_pkey PRIMARY KEY (section_id, item, at);
ALTER TABLE ONLY public.ledger_section
    ADD CONSTRAINT ledger_section_key UNIQUE (environment, source, section);
ALTER TABLE ONLY public.ledger_section
    ADD CONSTRAINT ledger_section_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.notification
    ADD CONSTRAINT notification_key_key UNIQUE (key);
ALTER TABLE ONLY public.notification
    ADD CONSTRAINT notification_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.page_vital
    ADD CONSTRAINT page_vital_pkey PRIMARY KEY (environment, at, route, device, metric);
ALTER TABLE ONLY public.release_seen
    ADD CONSTRAINT release_seen_pkey PRIMARY KEY (environment, release);
ALTER TABLE ONLY public.sample_chunk
    ADD CONSTRAINT sample_chunk_pkey PRIMARY KEY (series_id, hour);
ALTER TABLE ONLY public.sample_rollup
    ADD CONSTRAINT sample_rollup_pkey PRIMARY KEY (series_id, hour);
ALTER TABLE ONLY public.sample_state
    ADD CONSTRAINT sample_state_outcome_reason_key UNIQUE (outcome, reason);
ALTER TABLE ONLY public.sample_state
    ADD CONSTRAINT sample_state_pkey PRIMARY KEY (code);
ALTER TABLE ONLY public.series
    ADD CONSTRAINT series_name_key UNIQUE (name);
ALTER TABLE ONLY public.series
    ADD CONSTRAINT series_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.silence
    ADD CONSTRAINT silence_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.snapshot
    ADD CONSTRAINT snapshot_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.workload_bin
    ADD CONSTRAINT workload_bin_pkey PRIMARY KEY (environment, database, finished_at);
ALTER TABLE ONLY public.workload_gap
    ADD CONSTRAINT workload_gap_pkey PRIMARY KEY (environment, database, at);
ALTER TABLE ONLY public.workload_statement
    ADD CONSTRAINT workload_statement_pkey PRIMARY KEY (key);
CREATE INDEX acknowledge_link_expires ON public.acknowledge_link USING btree (expires_at);
CREATE INDEX alert_due ON public.alert USING btree (LEAST(escalates_at, reminds_at, acknowledged_until, muted_until)) WHERE (state = ANY (ARRAY['firing'::text, 'acknowledged'::text, 'exhausted'::text, 'silenced'::text]));
CREATE INDEX alert_event_alert ON public.alert_event USING btree (alert_id, id);
CREATE INDEX alert_event_at ON public.alert_event USING btree (at);
CREATE INDEX alert_latest ON public.alert USING btree (fingerprint, opened_at DESC);
CREATE UNIQUE INDEX alert_open ON public.alert USING btree (fingerprint) WHERE (state <> 'resolved'::text);
CREATE INDEX alert_opened ON public.alert USING btree (opened_at DESC, id);
CREATE UNIQUE INDEX baseline_active ON public.baseline USING btree (environment) WHERE active;
CREATE INDEX baseline_extends ON public.baseline USING btree (extends_id);
CREATE INDEX capture_samples_series ON public.capture_samples USING btree (series_id);
CREATE INDEX check_run_at ON public.check_run USING btree (at);
CREATE UNIQUE INDEX deployment_open ON public.deployment USING btree (environment) WHERE (finished_at IS NULL);
CREATE INDEX error_count_at ON public.error_count USING btree (environment, at);
CREATE INDEX error_event_correlation ON public.error_event USING btree (environment, correlation_id);
CREATE INDEX error_event_group ON public.error_event USING btree (environment, fingerprint, at);
CREATE INDEX error_event_user ON public.error_event USING btree (environment, user_hash) WHERE (user_hash IS NOT NULL);
CREATE INDEX error_group_last_seen ON public.error_group USING btree (environment, last_seen);
CREATE INDEX finding_run_ended ON public.finding_run USING btree (ended_at);
CREATE INDEX inspection_at ON public.inspection USING brin (at);
CREATE INDEX ledger_fact_section_at ON public.ledger_fact USING btree (section_id, at);
CREATE INDEX notification_alert ON public.notification USING btree (alert_id, id);
CREATE INDEX notification_queue ON public.notification USING btree (channel, due_at) WHERE (state = ANY (ARRAY['pending'::text, 'leased'::text]));
CREATE INDEX page_vital_at ON public.page_vital USING btree (at);
CREATE INDEX sample_head_series ON public.sample_head USING btree (series_id, started_at);
CREATE INDEX sample_head_started ON public.sample_head USING brin (started_at);
CREATE INDEX silence_ends ON public.silence USING btree (ends_at);
CREATE INDEX snapshot_at ON public.snapshot USING btree (at);
CREATE TRIGGER alert_event_append_only BEFORE DELETE OR UPDATE ON public.alert_event FOR EACH ROW EXECUTE FUNCTION public.refuse_change_of_history();
CREATE TRIGGER deployment_event_append_only BEFORE DELETE OR UPDATE ON public.deployment_event FOR EACH ROW EXECUTE FUNCTION public.refuse_change_of_deployment();
ALTER TABLE ONLY public.alert_event
    ADD CONSTRAINT alert_event_alert_id_fkey FOREIGN KEY (alert_id) REFERENCES public.alert(id);
ALTER TABLE ONLY public.baseline
    ADD CONSTRAINT baseline_extends_id_fkey FOREIGN KEY (extends_id) REFERENCES public.baseline(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.capture_samples
    ADD CONSTRAINT capture_samples_series_id_fkey FOREIGN KEY (series_id) REFERENCES public.series(id);
ALTER TABLE ONLY public.capture_samples
    ADD CONSTRAINT capture_samples_session_id_fkey FOREIGN KEY (session_id) REFERENCES public.capture_session(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.capture_session
    ADD CONSTRAINT capture_session_baseline_id_fkey FOREIGN KEY (baseline_id) REFERENCES public.baseline(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.deployment_event
    ADD CONSTRAINT deployment_event_deployment_id_fkey FOREIGN KEY (deployment_id) REFERENCES public.deployment(id);
ALTER TABLE ONLY public.drift_reference
    ADD CONSTRAINT drift_reference_series_id_fkey FOREIGN KEY (series_id) REFERENCES public.series(id);
ALTER TABLE ONLY public.drift_standing
    ADD CONSTRAINT drift_standing_series_id_fkey FOREIGN KEY (series_id) REFERENCES public.series(id);
ALTER TABLE ONLY public.error_count
    ADD CONSTRAINT error_count_environment_fingerprint_fkey FOREIGN KEY (environment, fingerprint) REFERENCES public.error_group(environment, fingerprint) ON DELETE CASCADE;
ALTER TABLE ONLY public.error_event
    ADD CONSTRAINT error_event_environment_fingerprint_fkey FOREIGN KEY (environment, fingerprint) REFERENCES public.error_group(environment, fingerprint) ON DELETE CASCADE;
ALTER TABLE ONLY public.inspection
    ADD CONSTRAINT inspection_series_id_fkey FOREIGN KEY (series_id) REFERENCES public.series(id);
ALTER TABLE ONLY public.ledger_fact
    ADD CONSTRAINT ledger_fact_section_id_fkey FOREIGN KEY (section_id) REFERENCES public.ledger_section(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.notification
    ADD CONSTRAINT notification_alert_id_fkey FOREIGN KEY (alert_id) REFERENCES public.alert(id);
ALTER TABLE ONLY public.sample_head
    ADD CONSTRAINT sample_head_series_id_fkey FOREIGN KEY (series_id) REFERENCES public.series(id);
