-- Retention: drops what is older. $1 timestamptz.
DELETE FROM page_vital WHERE at < $1
