-- Fills the tables of schema.sql, the same on every run. Settings, both integers:
-- demo.products_per_group, demo.valuations_per_portfolio (monthly, the last one of December 2024).
-- Rows of one portfolio lie together, as a back-fill leaves them, so that the index on them is worth its reads.

SELECT setseed(0.42);

INSERT INTO profiles (user_id, display_name) SELECT id, full_name FROM users ORDER BY id;

INSERT INTO available_providers (name) SELECT 'Provider ' || n FROM generate_series(1, 12) AS n;

INSERT INTO client_groups (name, type, status, adviser_id, created_by, created_at)
SELECT 'Client group ' || lpad(n::text, 3, '0'),
       (ARRAY['individual', 'couple', 'family', 'trust'])[1 + n % 4],
       CASE WHEN n % 13 = 0 THEN 'dormant' ELSE 'active' END,
       1 + n % 4,
       1,
       TIMESTAMPTZ '2019-01-01 09:00:00+00' + n * interval '5 days'
FROM generate_series(1, 130) AS n;

INSERT INTO product_owners (id, firstname, surname, created_by)
SELECT (g - 1) * 3 + k, (ARRAY['Alex', 'Robin', 'Sam'])[k], 'Family ' || lpad(g::text, 3, '0'), 1
FROM generate_series(1, 130) AS g, generate_series(1, 3) AS k
WHERE k <= least(1 + g % 4, 3)
ORDER BY 1;

SELECT setval(pg_get_serial_sequence('product_owners', 'id'), 390);

INSERT INTO client_group_product_owners (client_group_id, product_owner_id)
SELECT (id + 2) / 3, id FROM product_owners ORDER BY id;

INSERT INTO portfolios (portfolio_name, status, start_date, adviser_id)
SELECT 'Portfolio ' || n, 'active', DATE '2020-01-01' + n % 365, 1 + n % 4
FROM generate_series(1, 130 * current_setting('demo.products_per_group')::integer) AS n;

INSERT INTO client_products
    (client_id, product_name, provider_id, portfolio_id, status, created_by, updated_at)
SELECT 1 + (id - 1) / current_setting('demo.products_per_group')::integer,
       (ARRAY['ISA', 'Pension', 'Bond', 'General account'])[1 + id % 4] || ' ' || id,
       1 + id % 12,
       id,
       CASE WHEN id % 10 = 0 THEN 'lapsed' ELSE 'active' END,
       1,
       TIMESTAMPTZ '2024-12-01 09:00:00+00' - (id % 1000) * interval '1 hour'
FROM portfolios
ORDER BY id;

-- Every third product is held by the group's first owner alone, the others by all owners of the group.
INSERT INTO product_owner_products (product_id, product_owner_id, created_at)
SELECT p.id, o.product_owner_id, TIMESTAMPTZ '2020-01-01 09:00:00+00'
FROM client_products AS p
JOIN client_group_product_owners AS o ON o.client_group_id = p.client_id
WHERE p.id % 3 <> 0 OR o.product_owner_id % 3 = 1
ORDER BY p.id, o.product_owner_id;

INSERT INTO portfolio_funds (portfolio_id, provider_id, fund_name, amount_invested)
SELECT p.id, 1 + (p.id + k) % 12, 'Fund ' || (p.id + k) % 40, 5000 + (p.id * 7919 + k) % 45000
FROM portfolios AS p, generate_series(1, 2) AS k
ORDER BY p.id, k;

INSERT INTO portfolio_valuations (portfolio_id, valuation, valuation_date)
SELECT p,
       round(((10000 + p * 7919 % 90000) * (1 + 0.005 * m + 0.02 * (random() - 0.5)))::numeric, 2),
       (DATE '2024-12-01' - make_interval(months => v.months - 1 - m))::date
FROM (SELECT current_setting('demo.valuations_per_portfolio')::integer AS months) AS v,
     generate_series(1, 130 * current_setting('demo.products_per_group')::integer) AS p,
     generate_series(0, v.months - 1) AS m
ORDER BY p, m;

INSERT INTO holding_activity_log
    (portfolio_fund_id, portfolio_id, product_id, recorded_by, activity_type, amount, activity_date)
SELECT f.id, f.portfolio_id, f.portfolio_id, 1 + f.id % 4,
       CASE WHEN k = 4 THEN 'withdrawal' ELSE 'contribution' END,
       round(f.amount_invested / 100, 2),
       DATE '2024-01-15' + k * 60
FROM portfolio_funds AS f, generate_series(1, 4) AS k
ORDER BY f.id, k;
