DELETE FROM error_event WHERE environment = $1 AND user_hash = $2
