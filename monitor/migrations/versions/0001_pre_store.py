"""Series, samples, baselines, tokens."""

from monitor.migrations.statements import run_file

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    run_file("0001_pre_store.sql")
