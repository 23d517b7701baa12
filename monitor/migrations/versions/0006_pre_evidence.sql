-- What each session keeps besides samples, so that a difference can be explained; older ones have none of it.

ALTER TABLE capture_session ADD COLUMN levels jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN capture_session.levels IS 'By series that is no duration, the values seen during the session.';

ALTER TABLE capture_samples ADD COLUMN evidence jsonb;
COMMENT ON COLUMN capture_samples.evidence IS 'Origin, phases, failures by reason, and the inspection of a query.';
