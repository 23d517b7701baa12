-- Phase 4, index optimisation: every index is built beside running work, so none of them stands in a transaction.

-- The data migration has written every product anew: without this, whoever reads them all reads the dead rows too.
VACUUM (FULL, ANALYZE) client_products;

CREATE INDEX CONCURRENTLY idx_information_items_group_type ON client_information_items (client_group_id, item_type);
CREATE INDEX CONCURRENTLY idx_information_items_newest ON client_information_items (client_group_id, updated_at DESC);
CREATE INDEX CONCURRENTLY idx_information_items_content ON client_information_items USING gin (content jsonb_path_ops);
CREATE INDEX CONCURRENTLY idx_information_items_keys ON client_information_items (count_jsonb_keys(content));
CREATE INDEX CONCURRENTLY idx_information_items_title ON client_information_items ((content ->> 'title'));
CREATE INDEX CONCURRENTLY idx_information_items_active ON client_information_items (client_group_id) WHERE status = 'active';
CREATE INDEX CONCURRENTLY idx_information_items_urgent ON client_information_items (updated_at) WHERE priority = 'high';
CREATE INDEX CONCURRENTLY idx_information_items_author ON client_information_items (created_by);

CREATE INDEX CONCURRENTLY idx_unmanaged_products_group ON client_unmanaged_products (client_group_id, status);
CREATE INDEX CONCURRENTLY idx_unmanaged_products_active ON client_unmanaged_products (client_group_id) WHERE status = 'active';
CREATE INDEX CONCURRENTLY idx_unmanaged_products_provider ON client_unmanaged_products (provider_id);
CREATE INDEX CONCURRENTLY idx_unmanaged_products_value ON client_unmanaged_products (latest_value);
CREATE INDEX CONCURRENTLY idx_unmanaged_products_ownership ON client_unmanaged_products USING gin (ownership_details);

CREATE INDEX CONCURRENTLY idx_actions_group ON client_actions (client_group_id, status);
CREATE INDEX CONCURRENTLY idx_actions_assignee ON client_actions (assigned_to, due_date);
CREATE INDEX CONCURRENTLY idx_actions_open ON client_actions (due_date) WHERE status <> 'completed';
CREATE INDEX CONCURRENTLY idx_actions_priority ON client_actions (priority, due_date);

CREATE INDEX CONCURRENTLY idx_objectives_group ON client_objectives (client_group_id, status);
CREATE INDEX CONCURRENTLY idx_objectives_owner ON client_objectives (product_owner_id);
CREATE INDEX CONCURRENTLY idx_objectives_running ON client_objectives (target_date) WHERE status = 'in_progress';

CREATE INDEX CONCURRENTLY idx_networth_newest ON networth_statements (client_group_id, created_at DESC);
CREATE INDEX CONCURRENTLY idx_networth_author ON networth_statements (created_by);
CREATE INDEX CONCURRENTLY idx_networth_statement ON networth_statements USING gin (statement);

CREATE INDEX CONCURRENTLY idx_ownership_audit_row ON ownership_audit_log (table_name, row_id);
CREATE INDEX CONCURRENTLY idx_ownership_audit_newest ON ownership_audit_log (changed_at DESC);

CREATE INDEX CONCURRENTLY idx_products_ownership ON client_products USING gin (ownership_details jsonb_path_ops);
CREATE INDEX CONCURRENTLY idx_products_ownership_type ON client_products ((ownership_details ->> 'type'));
CREATE INDEX CONCURRENTLY idx_products_active ON client_products (client_id) WHERE status = 'active';
CREATE INDEX CONCURRENTLY idx_products_newest ON client_products (updated_at DESC);
CREATE INDEX CONCURRENTLY idx_groups_active ON client_groups (name) WHERE status = 'active';

-- Three years of monthly appends have left this one loose.
REINDEX INDEX CONCURRENTLY portfolio_valuations_by_date;

CREATE MATERIALIZED VIEW client_complete_summary AS
SELECT g.id AS client_group_id, g.name, g.type, g.status,
       (SELECT count(*) FROM client_group_product_owners AS o WHERE o.client_group_id = g.id) AS owners,
       (SELECT count(*) FROM client_products AS p WHERE p.client_id = g.id) AS products,
       (SELECT count(*) FROM client_information_items AS i WHERE i.client_group_id = g.id) AS information_items,
       (SELECT count(*) FROM client_unmanaged_products AS u WHERE u.client_group_id = g.id) AS unmanaged_products,
       (SELECT count(*) FROM client_actions AS a WHERE a.client_group_id = g.id AND a.status = 'open') AS open_actions
FROM client_groups AS g;

CREATE MATERIALIZED VIEW client_ownership_summary AS
SELECT p.client_id AS client_group_id, owner.key::bigint AS product_owner_id,
       count(*) AS products, round(avg(owner.value::numeric), 2) AS average_percent
FROM client_products AS p, jsonb_each_text(p.ownership_details -> 'owners') AS owner
GROUP BY p.client_id, owner.key;

-- REFRESH ... CONCURRENTLY needs a unique one on each.
CREATE UNIQUE INDEX idx_complete_summary_group ON client_complete_summary (client_group_id);
CREATE UNIQUE INDEX idx_ownership_summary_owner ON client_ownership_summary (client_group_id, product_owner_id);

ANALYZE client_complete_summary, client_ownership_summary;

UPDATE migration_control SET value = 'phase_4', updated_at = now() WHERE setting = 'current_phase';
