-- Takes phase 1 back: the migration's books go last.

DROP FUNCTION IF EXISTS benchmark_statement(text);
DROP FUNCTION IF EXISTS benchmark_ms(text, integer);
DROP TABLE IF EXISTS migration_control;
DROP TABLE IF EXISTS migration_benchmarks;
DROP TABLE IF EXISTS migration_log;
