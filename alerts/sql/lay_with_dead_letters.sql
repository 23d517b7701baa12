-- Notes that the deadlines of these notifications passed. $1 ids bigint[], $2 now timestamptz.
-- Relies on notification_pkey.
UPDATE notification SET fallen_at = $2 WHERE id = ANY($1::bigint[])
