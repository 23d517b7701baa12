"""Correlation ids of the calls of closed hours that are worth a look."""

from monitor.migrations.statements import run_file

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Add the column."""
    run_file("0014_pre_call_ids.sql")
