ALTER TABLE portfolio_valuations RESET (autovacuum_enabled);
ANALYZE portfolio_valuations;
