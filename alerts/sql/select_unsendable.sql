-- Notifications past their deadline whose channel is none of these, and that have not fallen to another one yet.
-- $1 channels text[], $2 now timestamptz. Relies on notification_queue.
SELECT * FROM notification
WHERE channel <> ALL($1::text[]) AND state = 'pending' AND deadline_at <= $2 AND fallen_at IS NULL
ORDER BY id
FOR UPDATE SKIP LOCKED
