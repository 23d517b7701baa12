CREATE INDEX CONCURRENTLY IF NOT EXISTS portfolio_valuations_by_date ON portfolio_valuations (portfolio_id, valuation_date);
