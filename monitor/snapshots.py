"""Evidence while there is some: a snapshot of what a probe looks at, taken as soon as something is wrong with it."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from baselines import Clock, Measurement, Outcome
from baselines.snapshot import Snapshot
from probes import HttpTarget, PostgresTarget, ProbeSettings
from probes.database.link import DatabaseLink
from probes.database.snapshot import database_snapshot
from probes.host.busiest import busiest_processes
from probes.probe import Links

# Where no database is watched, the host is all there is to see.
HOST = "host"
# Of one source. A day of trouble has enough evidence in these, and the store enough room: at most 6 MB a day.
PAUSE_SECONDS = 60.0
A_DAY = 100
_DAY_SECONDS = 86_400.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Wanted:
    source: str
    series: str
    reason: str


class Allowance:
    """One in a minute and a hundred in a day, of each source."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._granted: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=A_DAY))

    def grants(self, source: str) -> bool:
        """Whether a snapshot of that source may be taken now; it counts as taken then."""
        granted, now = self._granted[source], self._clock.monotonic()
        if granted and now - granted[-1] < PAUSE_SECONDS:
            return False
        if len(granted) == A_DAY and now - granted[0] < _DAY_SECONDS:
            return False
        granted.append(now)
        return True


class Witness:
    """Takes the snapshots of the probing process, over the connections that the probes use and in turn with them.

    A probe of a database speaks for that database, any other one for all of them. What is taken goes to `tell`.
    """

    def __init__(
        self,
        probes: Mapping[str, ProbeSettings],
        targets: Mapping[str, PostgresTarget | HttpTarget],
        links: Links,
        tell: Callable[[Snapshot], None],
        clock: Clock,
    ) -> None:
        self._databases = database_links(targets, links)
        self._sources = {series.name: self._sources_of(one) for one in probes.values() for series in one.series()}
        self._tell = tell
        self._clock = clock
        self._allowance = Allowance(clock)
        self._wanted: asyncio.Queue[_Wanted] = asyncio.Queue()

    def saw(self, measurements: Sequence[Measurement]) -> None:
        """Want a snapshot where a probe has failed just now: in a second the evidence is gone."""
        for one in measurements:
            if one.outcome not in (Outcome.OK, Outcome.SKIPPED):
                self.want(one.series, f"{one.outcome}: {one.detail or one.reason}")

    def want(self, series: str, reason: str) -> None:
        """Something is wrong with that series; never waits. Beyond the allowance, and of an unknown one, nothing is."""
        for source in self._sources.get(series, ()):
            if self._allowance.grants(source):
                self._wanted.put_nowait(_Wanted(source, series, reason))

    async def keep_watch(self) -> None:
        """Take what is wanted, at once and side by side, until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                group.create_task(self._take(await self._wanted.get()))

    def _sources_of(self, probe: ProbeSettings) -> Sequence[str]:
        if probe.target is not None and probe.target in self._databases:
            return [probe.target]
        return [*self._databases] or [HOST]

    async def _take(self, wanted: _Wanted) -> None:
        try:
            link = self._databases.get(wanted.source)
            taken = await take_snapshot(wanted.source, link, wanted.reason, self._clock)
        except Exception:  # what explains must not end what measures
            log.exception("a snapshot failed", source=wanted.source)
            return
        log.info("snapshot", source=wanted.source, series=wanted.series, reason=wanted.reason, seen=taken.sentence)
        self._tell(replace(taken, series=wanted.series))


def database_links(targets: Mapping[str, PostgresTarget | HttpTarget], links: Links) -> Mapping[str, DatabaseLink]:
    """The ways to the databases among the targets, by name."""
    return {name: links.to(name, DatabaseLink) for name, one in targets.items() if isinstance(one, PostgresTarget)}


async def take_snapshot(source: str, link: DatabaseLink | None, reason: str, clock: Clock) -> Snapshot:
    """One now: of the database, where there is a way to one, and of the processes of this host."""
    at = clock.now()
    processes = asyncio.to_thread(busiest_processes)
    if link is None:
        return Snapshot(source=source, at=at, reason=reason, processes=await processes)
    database, found = await asyncio.gather(database_snapshot(source, link, at, reason, clock), processes)
    return replace(database, processes=found)
