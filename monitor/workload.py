"""The whole workload: read beside the probes and beside captures, kept, and found again for two captures."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from baselines import Baseline, Clock, Spacing
from baselines.materials import WorkloadMaterials
from baselines.postgres_workload import PostgresWorkload
from baselines.workload import WorkloadBin, WorkloadGap
from probes import ProbeSettings
from probes.kinds.sql import SqlSettings
from probes.workload.deltas import WorkloadReader, statement_key

# A bin of the service; twelve of them are the last hour. Those of a capture are short, as its sessions are.
SERVICE_BIN_SECONDS = 300.0
CAPTURE_BIN_SECONDS = {Spacing.SPREAD: 60.0, Spacing.BURST: 5.0}
# A capture that took longer, such as one out of history, stands with the bins of its end.
_LONGEST = timedelta(hours=6)
# A database that tells nothing says so before the first session and after the last one, and once a bin.
_GAP = timedelta(seconds=SERVICE_BIN_SECONDS)


async def tell_bins(reader: WorkloadReader, tell: Callable[[WorkloadBin | WorkloadGap], None], clock: Clock) -> None:
    """Tell what the databases did since the reading before."""
    for note in await reader.read(clock.now()):
        tell(note)


@asynccontextmanager
async def bins_kept(
    reader: WorkloadReader, store: PostgresWorkload, environment: str, seconds: float, clock: Clock
) -> AsyncIterator[None]:
    """Keeps the bins of the time in the context: whole ones, and the rest."""
    notes: list[WorkloadBin | WorkloadGap] = []

    async def read_on() -> None:
        while True:
            await clock.sleep(seconds)
            await tell_bins(reader, notes.append, clock)

    await tell_bins(reader, notes.append, clock)
    reading = asyncio.create_task(read_on())
    try:
        yield
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    await tell_bins(reader, notes.append, clock)
    for note in notes:
        await store.append(environment, note)


@dataclass(frozen=True, slots=True)
class Workloads:
    """Finds what was kept. `probes` has by statement key the names of those that send it."""

    store: PostgresWorkload
    probes: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, store: PostgresWorkload, probes: Mapping[str, ProbeSettings]) -> "Workloads":
        """With the probes of a configuration."""
        by_key = defaultdict[str, list[str]](list)
        for name, one in probes.items():
            if isinstance(one, SqlSettings):
                by_key[statement_key(one.query)].append(name)
        return cls(store, by_key)

    async def materials(self, before: Baseline, after: Baseline) -> WorkloadMaterials:
        """What the databases told while the two were captured."""
        was, is_now = await self._told(before), await self._told(after)
        databases = sorted(was.databases | is_now.databases)
        gaps = [
            f"the statements of {database} are not judged: {side.reason(database)} (while {capture.name} was captured)"
            for database in databases
            for side, capture in ((was, before), (is_now, after))
            if not side.has(database)
        ]
        return WorkloadMaterials(before=was.bins, after=is_now.bins, probes=self.probes, gaps=gaps)

    async def _told(self, capture: Baseline) -> "_Told":
        end = capture.finished_at
        start = max(min(one.started_at for one in capture.sessions), end - _LONGEST)
        return _Told(
            await self.store.between(capture.environment, start, end),
            await self.store.gaps(capture.environment, start - _GAP, end + _GAP),
        )


@dataclass(frozen=True, slots=True)
class _Told:
    """What the databases told in the time of one capture."""

    bins: Sequence[WorkloadBin]
    gaps: Sequence[WorkloadGap]

    @property
    def databases(self) -> set[str]:
        return {one.database for one in self.bins} | {one.database for one in self.gaps}

    def has(self, database: str) -> bool:
        return any(one.database == database for one in self.bins)

    def reason(self, database: str) -> str:
        return next((one.reason for one in self.gaps if one.database == database), "nobody read its counters")
