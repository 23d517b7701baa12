-- An approval of a baseline: until when it holds, and why it was given although something spoke against it.

ALTER TABLE baseline
    ADD COLUMN forced_because text,
    ADD COLUMN forced_against text[],
    ADD CONSTRAINT baseline_approval CHECK ((approved_by IS NULL) = (approved_at IS NULL)),
    ADD CONSTRAINT baseline_expiry CHECK (expires_at IS NULL OR approved_at IS NOT NULL),
    ADD CONSTRAINT baseline_forced CHECK ((forced_because IS NULL) = (forced_against IS NULL));
COMMENT ON COLUMN baseline.expires_at IS 'When the approval ends; NULL where it never does.';
COMMENT ON COLUMN baseline.forced_against IS 'What spoke against the approval, a sentence each.';
CREATE INDEX baseline_extends ON baseline (extends_id);
