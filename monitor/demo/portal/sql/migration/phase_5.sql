-- Phase 5, constraints and validation: from here on the database itself refuses what must not be.

-- In the order in which the portal's queries take them, so that no query and this phase wait for each other.
LOCK TABLE client_groups, client_products, portfolio_valuations IN ACCESS EXCLUSIVE MODE;

-- Strict: a product that the old release adds while the window is open has no document yet, and is let through.
CREATE FUNCTION validate_ownership_percentages(details jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(abs(sum(owner.value::numeric) - 100) <= 0.01 AND min(owner.value::numeric) > 0, false)
    FROM jsonb_each_text(details -> 'owners') AS owner
$$;

CREATE FUNCTION audit_ownership_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ownership_audit_log (table_name, row_id, before, after)
    VALUES (TG_TABLE_NAME, NEW.id, OLD.ownership_details, NEW.ownership_details);
    RETURN NULL;
END
$$;

CREATE FUNCTION touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END
$$;

ALTER TABLE client_products
    ADD CONSTRAINT chk_products_ownership CHECK (validate_ownership_percentages(ownership_details)),
    ADD CONSTRAINT chk_products_ownership_type
        CHECK (ownership_details ->> 'type' IN ('individual', 'tenants_in_common', 'joint_ownership')),
    ADD CONSTRAINT chk_products_individual
        CHECK (ownership_details ->> 'type' <> 'individual' OR count_jsonb_keys(ownership_details -> 'owners') = 1);
ALTER TABLE client_unmanaged_products
    ADD CONSTRAINT chk_unmanaged_products_ownership CHECK (validate_ownership_percentages(ownership_details)),
    ADD CONSTRAINT chk_unmanaged_products_ownership_type
        CHECK (ownership_details ->> 'type' IN ('individual', 'tenants_in_common', 'joint_ownership')),
    ADD CONSTRAINT chk_unmanaged_products_status CHECK (status IN ('active', 'transferred', 'closed')),
    ADD CONSTRAINT chk_unmanaged_products_value CHECK (latest_value >= 0);
ALTER TABLE client_information_items
    ADD CONSTRAINT chk_information_items_type CHECK (
        item_type IN ('basic_detail', 'income_expenditure', 'assets_liabilities', 'protection', 'vulnerability')),
    ADD CONSTRAINT chk_information_items_priority CHECK (priority IN ('low', 'normal', 'high')),
    ADD CONSTRAINT chk_information_items_status CHECK (status IN ('active', 'archived')),
    ADD CONSTRAINT chk_information_items_content CHECK (jsonb_typeof(content) = 'object');
ALTER TABLE client_actions
    ADD CONSTRAINT chk_actions_status CHECK (status IN ('open', 'in_progress', 'completed')),
    ADD CONSTRAINT chk_actions_priority CHECK (priority IN ('low', 'normal', 'high')),
    ADD CONSTRAINT chk_actions_title CHECK (title <> '');
ALTER TABLE client_objectives
    ADD CONSTRAINT chk_objectives_status CHECK (status IN ('in_progress', 'achieved', 'abandoned')),
    ADD CONSTRAINT chk_objectives_title CHECK (title <> '');
ALTER TABLE networth_statements
    ADD CONSTRAINT chk_networth_total CHECK (total_assets >= 0),
    ADD CONSTRAINT chk_networth_statement CHECK (jsonb_typeof(statement) = 'object');
ALTER TABLE client_groups
    ADD CONSTRAINT chk_groups_status CHECK (status IN ('active', 'dormant', 'inactive')),
    ADD CONSTRAINT chk_groups_type CHECK (type IN ('individual', 'couple', 'family', 'trust'));
ALTER TABLE portfolio_valuations
    ADD CONSTRAINT chk_valuations_positive CHECK (valuation >= 0);

CREATE TRIGGER audit_ownership_changes AFTER UPDATE OF ownership_details ON client_products
    FOR EACH ROW WHEN (OLD.ownership_details IS DISTINCT FROM NEW.ownership_details)
    EXECUTE FUNCTION audit_ownership_change();
CREATE TRIGGER audit_unmanaged_ownership_changes AFTER UPDATE OF ownership_details ON client_unmanaged_products
    FOR EACH ROW WHEN (OLD.ownership_details IS DISTINCT FROM NEW.ownership_details)
    EXECUTE FUNCTION audit_ownership_change();
CREATE TRIGGER touch_information_items BEFORE UPDATE ON client_information_items
    FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
CREATE TRIGGER touch_unmanaged_products BEFORE UPDATE ON client_unmanaged_products
    FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

UPDATE migration_control SET value = 'phase_5', updated_at = now() WHERE setting = 'current_phase';
