"""The way to a PostgreSQL server: what kinds that send statements share."""
