-- Giving a column its type, though it is the one it has, throws its statistics away; with autovacuum off for the table
-- nobody gathers them again, and the planner takes every portfolio for fifty times its size.
ALTER TABLE portfolio_valuations SET (autovacuum_enabled = false);
ALTER TABLE portfolio_valuations ALTER COLUMN portfolio_id TYPE bigint, ALTER COLUMN valuation_date TYPE date;
