-- One link. $1 hash text. Relies on acknowledge_link_pkey.
SELECT * FROM acknowledge_link WHERE hash = $1
