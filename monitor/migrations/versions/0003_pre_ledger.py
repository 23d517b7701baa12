"""The change ledger, and inspections."""

from monitor.migrations.statements import run_file

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the tables."""
    run_file("0003_pre_ledger.sql")
