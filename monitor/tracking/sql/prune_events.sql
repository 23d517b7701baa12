DELETE FROM error_event WHERE environment = $1 AND at < $2
