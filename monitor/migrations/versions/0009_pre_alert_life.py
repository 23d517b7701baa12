"""Silences, what speaks for what, links that acknowledge, and letters that are tried on."""

from monitor.migrations.statements import run_file

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Create the tables, and the columns that the life of an alert needs."""
    run_file("0009_pre_alert_life.sql")
