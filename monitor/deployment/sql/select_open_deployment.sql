-- The open deployment of an environment, locked until the transaction ends. $1 environment text.
-- Relies on deployment_open.
SELECT id, name FROM deployment WHERE environment = $1 AND finished_at IS NULL FOR UPDATE
