"""Alerts, their history, and the outbox."""

from monitor.migrations.statements import run_file

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the tables."""
    run_file("0002_pre_alerts.sql")
