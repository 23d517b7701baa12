"""The runs of the checks that follow a deployment."""

from monitor.migrations.statements import run_file

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Create the table."""
    run_file("0011_pre_checks.sql")
