-- Correlation ids of the calls of closed hours that are worth a look.

ALTER TABLE sample_chunk ADD COLUMN ids jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN sample_chunk.ids IS 'Offset in milliseconds to correlation id, of calls that failed and of the slowest.';
