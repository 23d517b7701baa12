-- Who holds which products of ten client groups, from the ownership table. $1: the first group's id.
SELECT p.client_id, p.id, p.product_name, count(*) AS owners,
       string_agg(o.firstname || ' ' || o.surname, ', ' ORDER BY o.id) AS names,
       round(100.0 / count(*), 2)::float8 AS share_percent
FROM client_products AS p
JOIN product_owner_products AS l ON l.product_id = p.id
JOIN product_owners AS o ON o.id = l.product_owner_id
WHERE p.client_id BETWEEN $1::bigint AND $1::bigint + 9
GROUP BY p.id
ORDER BY p.client_id, p.id
