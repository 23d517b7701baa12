-- Adds the bins of five minutes to what is there. $1 environment text, $2 at timestamptz, $3 route text, $4 device text,
-- $5 metric text, $6 bins smallint[], $7 counts integer[], as many as bins. Relies on page_vital_pkey.
INSERT INTO page_vital (environment, at, route, device, metric, bins, counts)
VALUES ($1, $2, $3, $4, $5, $6::smallint[], $7::integer[])
ON CONFLICT (environment, at, route, device, metric) DO UPDATE SET (bins, counts) = (
    SELECT array_agg(bin ORDER BY bin), array_agg(n ORDER BY bin)
    FROM (
        SELECT bin, sum(n)::integer AS n
        FROM (
            SELECT unnest(page_vital.bins) AS bin, unnest(page_vital.counts) AS n
            UNION ALL
            SELECT unnest(excluded.bins), unnest(excluded.counts)
        ) AS both_of_them
        GROUP BY bin
    ) AS added
)
