-- Takes phase 6 back: it changed nothing but the migration's own books.

UPDATE migration_control SET value = 'phase_5', updated_at = now() WHERE setting = 'current_phase';
DELETE FROM migration_benchmarks WHERE phase = 'phase_6';
