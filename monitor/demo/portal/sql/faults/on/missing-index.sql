-- Phase 4 was to rebuild this index, and lost it.
DROP INDEX CONCURRENTLY IF EXISTS portfolio_valuations_by_date;
