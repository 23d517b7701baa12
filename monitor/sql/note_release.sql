-- Notes a release where it is new; returns when it was first seen.
-- $1 environment, $2 release text; $3 now timestamptz. Relies on release_seen_pkey.
INSERT INTO release_seen AS seen (environment, release, first_seen_at) VALUES ($1, $2, $3)
ON CONFLICT (environment, release) DO UPDATE SET first_seen_at = seen.first_seen_at
RETURNING first_seen_at
