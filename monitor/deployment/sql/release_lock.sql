-- Gives back what try_lock took. $1 name text.
SELECT pg_advisory_unlock(hashtextextended($1, 0))
