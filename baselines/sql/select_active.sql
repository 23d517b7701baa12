-- The active baseline of an environment. $1 environment text. Relies on baseline_active.
SELECT name FROM baseline WHERE environment = $1 AND active
