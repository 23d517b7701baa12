-- Phase 2, core tables: what the portal will hold besides products.

CREATE TABLE client_information_items (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    client_group_id bigint NOT NULL REFERENCES client_groups,
    created_by bigint NOT NULL REFERENCES users,
    item_type text NOT NULL,
    priority text NOT NULL DEFAULT 'normal',
    status text NOT NULL DEFAULT 'active',
    content jsonb NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE client_unmanaged_products (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    client_group_id bigint NOT NULL REFERENCES client_groups,
    provider_id bigint REFERENCES available_providers,
    product_name text NOT NULL,
    status text NOT NULL DEFAULT 'active',
    latest_value numeric(14, 2) NOT NULL,
    ownership_details jsonb NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE client_actions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    client_group_id bigint NOT NULL REFERENCES client_groups,
    assigned_to bigint NOT NULL REFERENCES users,
    title text NOT NULL,
    priority text NOT NULL DEFAULT 'normal',
    status text NOT NULL DEFAULT 'open',
    due_date date NOT NULL
);

CREATE TABLE client_objectives (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    client_group_id bigint NOT NULL REFERENCES client_groups,
    product_owner_id bigint REFERENCES product_owners,
    title text NOT NULL,
    status text NOT NULL DEFAULT 'in_progress',
    target_date date NOT NULL
);

CREATE TABLE networth_statements (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    client_group_id bigint NOT NULL REFERENCES client_groups,
    created_by bigint NOT NULL REFERENCES users,
    statement jsonb NOT NULL,
    total_assets numeric(16, 2) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE ownership_audit_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    table_name text NOT NULL,
    row_id bigint NOT NULL,
    before jsonb,
    after jsonb,
    changed_by text NOT NULL DEFAULT current_user,
    changed_at timestamptz NOT NULL DEFAULT now()
);

ALTER TABLE client_products ADD COLUMN ownership_details jsonb;

-- The release before this one goes on writing the old table: what it hands over there reaches the document as well.
CREATE FUNCTION carry_over_ownership() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was text[] := ARRAY['owners', OLD.product_owner_id::text];
    is_now text[] := ARRAY['owners', NEW.product_owner_id::text];
BEGIN
    UPDATE client_products
    SET ownership_details = jsonb_set(ownership_details #- was, is_now, ownership_details #> was)
    WHERE id = NEW.product_id AND ownership_details #> was IS NOT NULL;
    RETURN NULL;
END
$$;
CREATE TRIGGER carry_over_ownership AFTER UPDATE OF product_owner_id ON product_owner_products
    FOR EACH ROW WHEN (OLD.product_owner_id <> NEW.product_owner_id) EXECUTE FUNCTION carry_over_ownership();

-- An index expression may hold no subquery, so the keys are counted by a path.
CREATE FUNCTION count_jsonb_keys(document jsonb) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT jsonb_array_length(jsonb_path_query_array(document, '$.keyvalue()'))
$$;

UPDATE migration_control SET value = 'phase_2', updated_at = now() WHERE setting = 'current_phase';
