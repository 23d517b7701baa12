-- Takes out of an alert's channels those to which nothing was ever sent: they need not hear of its end.
-- $1 alert ids text[]. Relies on alert_pkey, notification_alert.
UPDATE alert
SET
    channels = ARRAY(
        SELECT told.channel
        FROM unnest(alert.channels) WITH ORDINALITY AS told (channel, number)
        WHERE
            EXISTS (
                SELECT 1 FROM notification
                WHERE notification.alert_id = alert.id AND notification.channel = told.channel AND attempts > 0
            )
        ORDER BY told.number
    )
WHERE id = ANY($1::text[])
