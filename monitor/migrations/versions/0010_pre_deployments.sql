-- Deployments: how one stands is read from what happened in it, so nothing is forgotten and nothing counts twice.

CREATE TABLE deployment (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    environment text NOT NULL,
    name text NOT NULL,
    opened_at timestamptz NOT NULL,
    finished_at timestamptz,
    CONSTRAINT deployment_name UNIQUE (environment, name),
    CONSTRAINT deployment_ends CHECK (finished_at >= opened_at)
);
COMMENT ON TABLE deployment IS 'At most one of an environment is open.';
CREATE UNIQUE INDEX deployment_open ON deployment (environment) WHERE finished_at IS NULL;

CREATE TABLE deployment_event (
    deployment_id integer NOT NULL REFERENCES deployment,
    number integer NOT NULL,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    by text NOT NULL,
    phase text NOT NULL,
    source text,
    detail json NOT NULL,
    PRIMARY KEY (deployment_id, number),
    CONSTRAINT deployment_event_source UNIQUE (deployment_id, source)
);
COMMENT ON TABLE deployment_event IS 'Rows are added and never changed.';
COMMENT ON COLUMN deployment_event.source IS 'What it was read from: an event of one source is kept once.';
COMMENT ON COLUMN deployment_event.detail IS 'As it was written: jsonb would sort the keys, and with them the phases.';

CREATE FUNCTION refuse_change_of_deployment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what happened in a deployment is append-only';
END
$$;
CREATE TRIGGER deployment_event_append_only BEFORE UPDATE OR DELETE ON deployment_event
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_deployment();
