-- The portal's own settings of its migration.
SELECT setting, value FROM migration_control
