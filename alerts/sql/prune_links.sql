-- Forgets links that expired before an instant. $1 timestamptz. Relies on acknowledge_link_expires.
DELETE FROM acknowledge_link WHERE expires_at < $1
