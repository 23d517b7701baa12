"""Deployments and what happened in them."""

from monitor.migrations.statements import run_file

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Create the tables."""
    run_file("0010_pre_deployments.sql")
