"""Snapshots of what went on when something looked wrong."""

from monitor.migrations.statements import run_file

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Create the table."""
    run_file("0008_pre_snapshots.sql")
