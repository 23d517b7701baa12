-- Whether nobody else has this lock; held until the connection ends or gives it back. $1 name text.
SELECT pg_try_advisory_lock(hashtextextended($1, 0))
