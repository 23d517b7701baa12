-- Phase 3, data: ownership becomes one document a product, and the new tables get their first rows.

-- Equal shares in hundredths of a percent; the last owner takes the rounding, so that they add up to 100.00.
UPDATE client_products AS p
SET ownership_details = jsonb_build_object('type', held.type, 'owners', held.owners)
FROM (
    SELECT s.product_id,
           CASE WHEN max(s.owners) = 1 THEN 'individual'
                WHEN g.type = 'couple' THEN 'joint_ownership'
                ELSE 'tenants_in_common' END AS type,
           jsonb_object_agg(s.product_owner_id::text,
                            CASE WHEN s.position < s.owners THEN s.share ELSE 100 - (s.owners - 1) * s.share END) AS owners
    FROM (
        SELECT product_id, product_owner_id,
               count(*) OVER (PARTITION BY product_id) AS owners,
               row_number() OVER (PARTITION BY product_id ORDER BY product_owner_id) AS position,
               trunc(100.00 / count(*) OVER (PARTITION BY product_id), 2) AS share
        FROM product_owner_products
    ) AS s
    JOIN client_products AS q ON q.id = s.product_id
    JOIN client_groups AS g ON g.id = q.client_id
    GROUP BY s.product_id, g.type
) AS held
WHERE held.product_id = p.id;

INSERT INTO client_information_items (client_group_id, created_by, item_type, priority, content, updated_at)
SELECT g.id, g.adviser_id,
       (ARRAY['basic_detail', 'income_expenditure', 'assets_liabilities', 'protection', 'vulnerability'])[1 + n % 5],
       (ARRAY['low', 'normal', 'high'])[1 + n % 3],
       jsonb_build_object('title', 'Item ' || n, 'amount', 100 * n, 'notes', repeat('As told at the review. ', 1 + n % 4)),
       g.created_at + n * interval '1 day'
FROM client_groups AS g, generate_series(1, 30) AS n
ORDER BY g.id, n;

INSERT INTO client_unmanaged_products (client_group_id, provider_id, product_name, latest_value, ownership_details)
SELECT g.id, 1 + (g.id + n) % 12, 'Account elsewhere ' || n, 1000 * n + g.id,
       jsonb_build_object('type', 'individual', 'owners', jsonb_build_object(((g.id - 1) * 3 + 1)::text, 100.00))
FROM client_groups AS g, generate_series(1, 3) AS n
ORDER BY g.id, n;

INSERT INTO client_actions (client_group_id, assigned_to, title, due_date)
SELECT g.id, g.adviser_id, 'Annual review ' || n, DATE '2025-01-01' + 90 * n
FROM client_groups AS g, generate_series(1, 4) AS n
ORDER BY g.id, n;

INSERT INTO client_objectives (client_group_id, product_owner_id, title, target_date)
SELECT g.id, (g.id - 1) * 3 + 1, 'Objective ' || n, DATE '2030-01-01' + 365 * n
FROM client_groups AS g, generate_series(1, 3) AS n
ORDER BY g.id, n;

INSERT INTO networth_statements (client_group_id, created_by, statement, total_assets)
SELECT p.client_id, 1, jsonb_build_object('invested', sum(f.amount_invested), 'lines', count(DISTINCT p.id)),
       sum(f.amount_invested)
FROM client_products AS p JOIN portfolio_funds AS f ON f.portfolio_id = p.portfolio_id
GROUP BY p.client_id
ORDER BY p.client_id;

-- Autovacuum may take a minute to come round, and whoever asks before that would be answered by a guess.
ANALYZE client_products, client_information_items, client_unmanaged_products, client_actions, client_objectives,
    networth_statements;

UPDATE migration_control SET value = 'phase_3', updated_at = now() WHERE setting = 'current_phase';
