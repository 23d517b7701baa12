-- Web vitals of real visits, as bins that can be added up.

CREATE TABLE page_vital (
    environment text NOT NULL,
    at timestamptz NOT NULL,
    route text NOT NULL,
    device text NOT NULL CHECK (device IN ('desktop', 'mobile', 'tablet')),
    metric text NOT NULL,
    bins smallint[] NOT NULL,
    counts integer[] NOT NULL,
    PRIMARY KEY (environment, at, route, device, metric),
    CONSTRAINT page_vital_is_whole CHECK (cardinality(bins) = cardinality(counts) AND cardinality(bins) > 0)
);
COMMENT ON TABLE page_vital IS 'Five minutes of a route and a kind of device: how many visits fell into each bin of a metric.';
CREATE INDEX page_vital_at ON page_vital (at);
