-- Groups joined to products, counted, with what is invested in them.
SELECT g.id, g.name,
       count(DISTINCT p.id) AS products,
       count(DISTINCT p.id) FILTER (WHERE p.status = 'active') AS active_products,
       sum(f.amount_invested)::float8 AS invested
FROM client_groups AS g
JOIN client_products AS p ON p.client_id = g.id
JOIN portfolio_funds AS f ON f.portfolio_id = p.portfolio_id
WHERE g.status = 'active'
GROUP BY g.id
ORDER BY g.name
