"""Constraint validation: whether a database still keeps its own rules."""

from collections.abc import Sequence

from baselines import Clock
from monitor.checks.databases import look_at_databases
from monitor.settings import Settings
from probes import ProbeSet
from probes.database.asking import Asking
from probes.database.integrity import integrity
from thresholds import CheckKind, CheckLine, CheckReport, load_database_checks


async def validate_constraints(settings: Settings, probes: ProbeSet, clock: Clock) -> CheckReport:
    """Every database among the targets: constraints that are NOT VALID, orphans, and disabled triggers."""
    rules = load_database_checks()
    bounds = rules.constraints

    async def look(database: str, asking: Asking) -> Sequence[CheckLine]:
        found = await integrity(asking, rows_at_most=bounds.rows_at_most, orphans_at_most=bounds.orphans_at_most)
        return rules.of_constraints(database, found)

    return await look_at_databases(CheckKind.CONSTRAINTS, settings, probes, clock, look)
