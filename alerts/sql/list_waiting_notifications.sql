-- All notifications that are not settled. Relies on notification_queue.
SELECT * FROM notification WHERE state IN ('pending', 'leased') ORDER BY id
