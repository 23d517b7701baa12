"""What is kept beside measurements: what changed in the watched systems, and how statements were carried out."""

from collections import deque
from datetime import timedelta

import structlog

from baselines import Clock, Inspected, LedgerEntry, Section
from baselines.ledger import plan_entry
from baselines.postgres_inspections import PostgresInspections
from baselines.postgres_ledger import PostgresLedger
from baselines.postgres_snapshots import PostgresSnapshots
from baselines.postgres_workload import PostgresWorkload
from baselines.snapshot import Snapshot
from baselines.workload import WorkloadBin, WorkloadGap
from monitor.pipeline import STORE_IS_AWAY
from monitor.settings import Settings
from monitor.wire import Note

# What no later reading brings back waits for the store, two hours of it from one database.
_WAITING_BINS = 24
_WAITING_SNAPSHOTS = 100

log = structlog.get_logger(__name__)


class Chronicle:
    """Holds the latest entry of each section and inspection of each series until the store takes it.

    Nothing of it is spooled: all of it is read again within minutes, but for bins of the workload and snapshots, of
    which the last ones wait.
    """

    def __init__(
        self,
        ledger: PostgresLedger,
        inspections: PostgresInspections,
        workload: PostgresWorkload,
        snapshots: PostgresSnapshots,
        settings: Settings,
        clock: Clock,
    ) -> None:
        self._ledger = ledger
        self._inspections = inspections
        self._workload = workload
        self._snapshots = snapshots
        self._environment = settings.environment
        self._kept = timedelta(days=settings.store.samples_days)
        self._clock = clock
        self._entries: dict[tuple[str, Section], LedgerEntry] = {}
        self._inspected: dict[str, Inspected] = {}
        self._bins: deque[WorkloadBin | WorkloadGap] = deque(maxlen=_WAITING_BINS)
        self._taken: deque[Snapshot] = deque(maxlen=_WAITING_SNAPSHOTS)

    def note(self, note: Note) -> None:
        """Keep it for the next `write`; a plan is an entry of the ledger as well."""
        if isinstance(note, WorkloadBin | WorkloadGap):
            self._bins.append(note)
            return
        if isinstance(note, Snapshot):
            self._taken.append(note)
            return
        if isinstance(note, Inspected):
            self._inspected[note.series] = note
            note = plan_entry(note.series, note.inspection.plan.nodes, note.at)
        self._entries[note.source, note.section] = note

    async def write(self) -> None:
        """Hand to the store what has come; while it is away, everything waits, and the latest is enough."""
        try:
            for key, entry in list(self._entries.items()):
                changes = await self._ledger.append(self._environment, entry)
                for change in changes:
                    log.info("change", source=change.source, change=change.sentence, seen_at=change.at.isoformat())
                if self._entries[key] is entry:
                    del self._entries[key]
            for series, inspected in list(self._inspected.items()):
                await self._inspections.append(inspected)
                if self._inspected[series] is inspected:
                    del self._inspected[series]
            for told in list(self._bins):
                await self._workload.append(self._environment, told)
                if self._bins and self._bins[0] is told:
                    self._bins.popleft()
            for taken in list(self._taken):
                await self._snapshots.append(self._environment, taken)
                if self._taken and self._taken[0] is taken:
                    self._taken.popleft()
        except STORE_IS_AWAY as error:
            log.debug("the chronicle waits for the store", reason=type(error).__name__)

    async def keep_house(self) -> None:
        """Drop what is older than single samples are kept: inspections, bins, snapshots, and statistics that were taken
        anew since."""
        before = self._clock.now() - self._kept
        try:
            await self._ledger.prune(before)
            await self._inspections.prune(before)
            await self._workload.prune(before)
            await self._snapshots.prune(before)
        except STORE_IS_AWAY as error:
            log.debug("the chronicle waits for the store", reason=type(error).__name__)
