"""What speaks against capturing a baseline now: a busy host, databases that plan by outdated statistics."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from baselines import Clock
from monitor.capturing import host_load
from probes import HttpTarget, PostgresTarget, ProbeFailed
from probes.database.link import DatabaseLink
from probes.database.statistics import StaleTable, stale_tables
from probes.probe import Links

# From here on processes wait for a processor, and what is measured is how long.
BUSY_LOAD = 1.0
_SHOWN_TABLES = 3


@dataclass(frozen=True, slots=True)
class Obstacles:
    """What was found, and what could not be looked at; a sentence each."""

    found: tuple[str, ...]
    unknown: tuple[str, ...]


async def look_for_obstacles(
    targets: Mapping[str, PostgresTarget | HttpTarget], links: Links, clock: Clock
) -> Obstacles:
    """Look at this host and at every database among the targets, before the capture puts any load on them."""
    found, unknown = [], []
    load = host_load()
    if load is not None and load > BUSY_LOAD:
        found.append(f"this host is busy: a load of {load:.1f} a processor over the last minute")
    for name, target in targets.items():
        if isinstance(target, PostgresTarget):
            try:
                stale = await stale_tables(links.to(name, DatabaseLink), clock)
            except ProbeFailed as failure:
                unknown.append(f"How old the statistics of {name} are could not be seen: {failure}")
            else:
                found += _told(name, stale)
    return Obstacles(tuple(found), tuple(unknown))


def _told(target: str, stale: Sequence[StaleTable]) -> list[str]:
    if not stale:
        return []
    tables = ", ".join(map(_table, stale[:_SHOWN_TABLES]))
    more = f" and {len(stale) - _SHOWN_TABLES} more" if len(stale) > _SHOWN_TABLES else ""
    return [f"{target} plans by outdated statistics of {tables}{more}: ANALYZE them"]


def _table(table: StaleTable) -> str:
    analyzed = "never analyzed" if table.analyzed_at is None else f"analyzed on {table.analyzed_at:%Y-%m-%d}"
    return f"{table.name} ({table.changed_rows:,} rows changed, {analyzed})"
