-- The silences that have not ended, the next to end first. $1 now timestamptz. Relies on silence_ends.
SELECT * FROM silence WHERE ends_at > $1 ORDER BY ends_at, id
