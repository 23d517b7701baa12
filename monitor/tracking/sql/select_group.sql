SELECT fingerprint, class, name, message, frames, first_seen, last_seen, occurrences
FROM error_group WHERE environment = $1 AND fingerprint = $2
