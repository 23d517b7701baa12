"""Approvals that were forced, or expire."""

from monitor.migrations.statements import run_file

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the columns."""
    run_file("0004_pre_baselines.sql")
