-- Takes phase 2 back: the new tables go, with what advisers have written into them since.

-- In the order in which the portal's queries take them, so that no query and this phase wait for each other; whoever
-- hands a share over begins with the old table.
LOCK TABLE product_owner_products IN SHARE ROW EXCLUSIVE MODE;
LOCK TABLE client_groups, client_products IN ACCESS EXCLUSIVE MODE;

UPDATE migration_control SET value = 'phase_1', updated_at = now() WHERE setting = 'current_phase';
DROP TRIGGER IF EXISTS carry_over_ownership ON product_owner_products;
DROP FUNCTION IF EXISTS carry_over_ownership();
DROP FUNCTION IF EXISTS count_jsonb_keys(jsonb);
ALTER TABLE client_products DROP COLUMN IF EXISTS ownership_details;
DROP TABLE IF EXISTS ownership_audit_log, networth_statements, client_objectives, client_actions,
    client_unmanaged_products, client_information_items;
