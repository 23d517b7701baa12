"""Index usage analysis: what a database keeps up for nothing, and what it reads as a whole."""

from collections.abc import Sequence

from baselines import Clock
from monitor.checks.databases import look_at_databases
from monitor.settings import Settings
from probes import ProbeSet
from probes.database.asking import Asking
from probes.database.indexes import index_use
from thresholds import CheckKind, CheckLine, CheckReport, load_database_checks


async def analyse_index_usage(settings: Settings, probes: ProbeSet, clock: Clock) -> CheckReport:
    """Every database among the targets: invalid, duplicate and unused indexes, tables read by sequential scans."""
    rules = load_database_checks()

    async def look(database: str, asking: Asking) -> Sequence[CheckLine]:
        return rules.of_indexes(database, await index_use(asking))

    return await look_at_databases(CheckKind.INDEX_USAGE, settings, probes, clock, look)
