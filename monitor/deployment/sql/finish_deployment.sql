-- Ends a deployment. $1 id integer, $2 finished_at timestamptz.
UPDATE deployment SET finished_at = $2 WHERE id = $1
