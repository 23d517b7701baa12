-- The first page of the client list: 50 groups by name, each with the number of its products.
SELECT g.id, g.name, g.type, g.status, count(p.client_id) AS products
FROM client_groups AS g
LEFT JOIN client_products AS p ON p.client_id = g.id
GROUP BY g.id
ORDER BY g.name
LIMIT 50
