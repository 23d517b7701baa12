DELETE FROM error_count WHERE environment = $1 AND at < $2
