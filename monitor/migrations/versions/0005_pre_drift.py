"""References of watched series, and how each series stands to its own."""

from monitor.migrations.statements import run_file

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the tables."""
    run_file("0005_pre_drift.sql")
