DROP INDEX CONCURRENTLY IF EXISTS portfolio_valuations_by_date;
DELETE FROM portfolio_valuations AS again USING portfolio_valuations AS first
WHERE again.portfolio_id = 1 AND first.portfolio_id = 1
  AND again.valuation_date = first.valuation_date AND again.id > first.id;
CREATE INDEX CONCURRENTLY portfolio_valuations_by_date ON portfolio_valuations (portfolio_id, valuation_date);
