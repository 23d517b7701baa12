"""What the statements of watched databases took, bin by bin."""

from monitor.migrations.statements import run_file

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create the tables."""
    run_file("0007_pre_workload.sql")
