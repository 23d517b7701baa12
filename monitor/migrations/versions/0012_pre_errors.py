"""Errors that the portal sends in."""

from monitor.migrations.statements import run_file

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Create the tables."""
    run_file("0012_pre_errors.sql")
