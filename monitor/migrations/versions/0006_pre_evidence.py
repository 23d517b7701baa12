"""What captures keep to explain a difference."""

from monitor.migrations.statements import run_file

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the columns."""
    run_file("0006_pre_evidence.sql")
