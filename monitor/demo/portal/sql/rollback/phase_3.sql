-- Takes phase 3 back: the ownership table was never touched, so the documents can simply go.

UPDATE migration_control SET value = 'phase_2', updated_at = now() WHERE setting = 'current_phase';
TRUNCATE networth_statements, client_objectives, client_actions, client_unmanaged_products, client_information_items;
UPDATE client_products SET ownership_details = NULL WHERE ownership_details IS NOT NULL;
