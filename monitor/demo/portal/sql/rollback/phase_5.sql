-- Takes phase 5 back: the rules go, what they let through stays.

-- In the order in which the portal's queries take them, so that no query and this phase wait for each other.
LOCK TABLE client_groups, client_products, portfolio_valuations IN ACCESS EXCLUSIVE MODE;

UPDATE migration_control SET value = 'phase_4', updated_at = now() WHERE setting = 'current_phase';
DROP TRIGGER IF EXISTS touch_unmanaged_products ON client_unmanaged_products;
DROP TRIGGER IF EXISTS touch_information_items ON client_information_items;
DROP TRIGGER IF EXISTS audit_unmanaged_ownership_changes ON client_unmanaged_products;
DROP TRIGGER IF EXISTS audit_ownership_changes ON client_products;
ALTER TABLE portfolio_valuations DROP CONSTRAINT IF EXISTS chk_valuations_positive;
ALTER TABLE client_groups DROP CONSTRAINT IF EXISTS chk_groups_type, DROP CONSTRAINT IF EXISTS chk_groups_status;
ALTER TABLE networth_statements
    DROP CONSTRAINT IF EXISTS chk_networth_statement,
    DROP CONSTRAINT IF EXISTS chk_networth_total;
ALTER TABLE client_objectives
    DROP CONSTRAINT IF EXISTS chk_objectives_title,
    DROP CONSTRAINT IF EXISTS chk_objectives_status;
ALTER TABLE client_actions
    DROP CONSTRAINT IF EXISTS chk_actions_title,
    DROP CONSTRAINT IF EXISTS chk_actions_priority,
    DROP CONSTRAINT IF EXISTS chk_actions_status;
ALTER TABLE client_information_items
    DROP CONSTRAINT IF EXISTS chk_information_items_content,
    DROP CONSTRAINT IF EXISTS chk_information_items_status,
    DROP CONSTRAINT IF EXISTS chk_information_items_priority,
    DROP CONSTRAINT IF EXISTS chk_information_items_type;
ALTER TABLE client_unmanaged_products
    DROP CONSTRAINT IF EXISTS chk_unmanaged_products_value,
    DROP CONSTRAINT IF EXISTS chk_unmanaged_products_status,
    DROP CONSTRAINT IF EXISTS chk_unmanaged_products_ownership_type,
    DROP CONSTRAINT IF EXISTS chk_unmanaged_products_ownership;
ALTER TABLE client_products
    DROP CONSTRAINT IF EXISTS chk_products_individual,
    DROP CONSTRAINT IF EXISTS chk_products_ownership_type,
    DROP CONSTRAINT IF EXISTS chk_products_ownership;
DROP FUNCTION IF EXISTS touch_updated_at();
DROP FUNCTION IF EXISTS audit_ownership_change();
DROP FUNCTION IF EXISTS validate_ownership_percentages(jsonb);
