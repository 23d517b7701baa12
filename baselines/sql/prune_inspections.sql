-- Retention: drops inspections made before. $1 timestamptz. Relies on inspection_at.
DELETE FROM inspection WHERE at < $1
