"""Web vitals in PostgreSQL: for five minutes of a route, a device and a vital one row with its bins."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from baselines.vital import Visited, Vital, VitalBins
from monitor.visits.beacon import Visit
from monitor.visits.sql import statement

BIN_LENGTH = timedelta(minutes=5)
Vitals = Mapping[Visited, Mapping[Vital, VitalBins]]


@dataclass(frozen=True, slots=True)
class Arrived:
    """A visit and when it came in."""

    at: datetime
    visit: Visit


class PostgresVisits:
    """Of one environment, on a pool of connections to the migrated store."""

    def __init__(self, pool: asyncpg.Pool, environment: str) -> None:
        self._pool = pool
        self._environment = environment

    async def append(self, arrived: Sequence[Arrived]) -> None:
        """Add them to the bins, all or none; in one order, so that two instances never wait for each other."""
        bins: defaultdict[tuple[datetime, str, str, str], Counter[int]] = defaultdict(Counter)
        for one in arrived:
            at = one.at - (one.at - datetime.min.replace(tzinfo=one.at.tzinfo)) % BIN_LENGTH
            for vital, number in one.visit.bins.items():
                bins[at, one.visit.visited.route, one.visit.visited.device, vital][number] += 1
        rows = [
            (self._environment, *key, sorted(counts), [counts[number] for number in sorted(counts)])
            for key, counts in sorted(bins.items())
        ]
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.executemany(statement("add_page_vitals"), rows)

    async def between(self, start: datetime, end: datetime) -> Vitals:
        """What was sent in that time, by route and device, then by vital; to five minutes."""
        found: defaultdict[Visited, dict[Vital, VitalBins]] = defaultdict(dict)
        for row in await self._pool.fetch(statement("select_page_vitals"), self._environment, start, end):
            vital = Vital(row["metric"])
            bins = found[Visited(row["route"], row["device"])].setdefault(vital, VitalBins(vital))
            bins.add({row["bin"]: row["n"]})
        return found

    async def prune(self, before: datetime) -> None:
        """Drop those of before."""
        await self._pool.execute(statement("prune_page_vitals"), before)
