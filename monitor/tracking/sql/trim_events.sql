-- Keeps the newest of each group. $1 environment, $2 fingerprints, $3 how many.
DELETE FROM error_event WHERE id IN (
    SELECT id FROM (
        SELECT id, row_number() OVER (PARTITION BY fingerprint ORDER BY at DESC, id DESC) AS place
        FROM error_event WHERE environment = $1 AND fingerprint = ANY ($2::text[])
    ) AS placed
    WHERE place > $3
)
