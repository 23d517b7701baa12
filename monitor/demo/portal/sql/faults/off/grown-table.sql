DELETE FROM client_products WHERE product_name LIKE 'Imported again: %';
VACUUM (FULL, ANALYZE) client_products;
