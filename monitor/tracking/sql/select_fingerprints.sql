SELECT fingerprint FROM error_group WHERE environment = $1
