-- Takes the active mark from an environment's baseline. $1 environment text. Relies on baseline_active.
UPDATE baseline SET active = false WHERE environment = $1 AND active
