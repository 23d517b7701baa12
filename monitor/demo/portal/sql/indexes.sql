-- The portal's foreign keys and indexes, made after the data because that is several times faster.

ALTER TABLE profiles ADD FOREIGN KEY (user_id) REFERENCES users;
ALTER TABLE client_groups
    ADD FOREIGN KEY (adviser_id) REFERENCES users,
    ADD FOREIGN KEY (created_by) REFERENCES users;
ALTER TABLE product_owners ADD FOREIGN KEY (created_by) REFERENCES users;
ALTER TABLE client_group_product_owners
    ADD FOREIGN KEY (client_group_id) REFERENCES client_groups,
    ADD FOREIGN KEY (product_owner_id) REFERENCES product_owners;
ALTER TABLE portfolios ADD FOREIGN KEY (adviser_id) REFERENCES users;
ALTER TABLE client_products
    ADD FOREIGN KEY (client_id) REFERENCES client_groups,
    ADD FOREIGN KEY (provider_id) REFERENCES available_providers,
    ADD FOREIGN KEY (portfolio_id) REFERENCES portfolios,
    ADD FOREIGN KEY (created_by) REFERENCES users;
ALTER TABLE product_owner_products
    ADD FOREIGN KEY (product_id) REFERENCES client_products,
    ADD FOREIGN KEY (product_owner_id) REFERENCES product_owners;
ALTER TABLE portfolio_funds
    ADD FOREIGN KEY (portfolio_id) REFERENCES portfolios,
    ADD FOREIGN KEY (provider_id) REFERENCES available_providers;
ALTER TABLE portfolio_valuations ADD FOREIGN KEY (portfolio_id) REFERENCES portfolios;
ALTER TABLE holding_activity_log
    ADD FOREIGN KEY (portfolio_fund_id) REFERENCES portfolio_funds,
    ADD FOREIGN KEY (portfolio_id) REFERENCES portfolios,
    ADD FOREIGN KEY (product_id) REFERENCES client_products,
    ADD FOREIGN KEY (recorded_by) REFERENCES users;

CREATE INDEX ON users (role);
CREATE INDEX ON client_groups (adviser_id);
CREATE INDEX ON client_groups (created_by);
CREATE INDEX ON client_groups (status);
CREATE INDEX ON product_owners (created_by);
CREATE INDEX ON product_owners (surname);
CREATE INDEX ON client_group_product_owners (product_owner_id);
CREATE INDEX ON portfolios (adviser_id);
CREATE INDEX ON portfolios (status);
CREATE INDEX ON client_products (client_id);
CREATE INDEX ON client_products (provider_id);
CREATE INDEX ON client_products (portfolio_id);
CREATE INDEX ON client_products (created_by);
CREATE INDEX ON client_products (status);
CREATE INDEX ON product_owner_products (product_owner_id);
CREATE INDEX ON portfolio_funds (portfolio_id);
CREATE INDEX ON portfolio_funds (provider_id);
CREATE INDEX portfolio_valuations_by_date ON portfolio_valuations (portfolio_id, valuation_date);
CREATE INDEX ON holding_activity_log (portfolio_fund_id);
CREATE INDEX ON holding_activity_log (portfolio_id);
CREATE INDEX ON holding_activity_log (product_id);
CREATE INDEX ON holding_activity_log (recorded_by);
CREATE INDEX ON holding_activity_log (activity_date);

VACUUM (ANALYZE);
