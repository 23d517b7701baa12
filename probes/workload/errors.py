"""What can go wrong while a workload is read."""

from probes.errors import ProbesError


class WorkloadError(ProbesError):
    """The database or the portal does not tell what it does: a sentence on what to do, free of secrets."""


MISSING = (
    "the database has no pg_stat_statements: add it to shared_preload_libraries, restart PostgreSQL, "
    "and run CREATE EXTENSION pg_stat_statements in this database"
)
NOT_LOADED = "pg_stat_statements is not loaded: add it to shared_preload_libraries and restart PostgreSQL"
TOO_OLD = "pg_stat_statements is older than its server: run ALTER EXTENSION pg_stat_statements UPDATE"
FORBIDDEN = "this role may not see the statements of others: GRANT pg_read_all_stats to it (see grants.sql)"
