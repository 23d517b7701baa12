-- A nightly import that runs again and again: ten times the products, on the same portfolios, each told by its name.
INSERT INTO client_products (client_id, product_name, provider_id, portfolio_id, status, created_by, updated_at)
SELECT p.client_id, 'Imported again: ' || p.product_name, p.provider_id, p.portfolio_id, p.status, p.created_by, p.updated_at
FROM client_products AS p, generate_series(1, 9)
WHERE NOT EXISTS (SELECT FROM client_products WHERE product_name LIKE 'Imported again: %');
VACUUM (ANALYZE) client_products;
