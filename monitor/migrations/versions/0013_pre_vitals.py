"""Web vitals of real visits."""

from monitor.migrations.statements import run_file

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Create the table."""
    run_file("0013_pre_vitals.sql")
