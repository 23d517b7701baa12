"""From a beacon to its bins, and from the bins of the last hour to what is exported, shown and found."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import structlog

from baselines import Clock
from baselines.vital import Visited, Vital
from monitor.comparing import Figures
from monitor.exporter import Exporter
from monitor.ingest.writer import BatchWriter
from monitor.pipeline import STORE_IS_AWAY
from monitor.visits.beacon import Beacon, Routes, visit_of
from monitor.visits.postgres import Arrived, PostgresVisits, Vitals
from thresholds import Finding, Level
from thresholds.vitals import Bands, VitalFigures, load_vital_figures, series_name, vital_finding

KIND = "vitals"
# Told and shown is what replaces it.
UNJUDGED = (Vital.FIRST_INPUT_DELAY,)

log = structlog.get_logger(__name__)


class Visits:
    """Takes beacons in, and looks at what they add up to; one object a service process."""

    def __init__(
        self,
        store: PostgresVisits,
        figures: Figures,
        exporter: Exporter,
        tell: Callable[[Sequence[Finding]], Awaitable[None]],
        keep: timedelta,
        clock: Clock,
    ) -> None:
        self.figures: VitalFigures = load_vital_figures()
        self.bands = {vital: Bands.of(figures.matrix, vital) for vital in Vital}
        self.writer: BatchWriter[Arrived] = BatchWriter(
            store.append, lambda count: exporter.ingest_dropped(KIND, count)
        )
        self._store = store
        self._routing = figures.routing
        self._exporter = exporter
        self._tell = tell
        self._keep = keep
        self._clock = clock
        self._routes = Routes()
        self._poor: dict[str, tuple[Vital, Visited]] = {}

    def take(self, beacon: Beacon) -> None:
        """Keep what is worth keeping of it, and count the rest."""
        visit, dropped = visit_of(beacon)
        for reason in dropped:
            self._exporter.vital_dropped(reason)
        if visit is not None:
            visited = Visited(self._routes.known(visit.visited.route), visit.visited.device)
            for vital in visit.bins:
                self._exporter.vital_counted(vital, visited.device)
            self.writer.put(Arrived(self._clock.now(), type(visit)(visited, visit.bins)))

    async def look(self) -> None:
        """Export the last hour's p75, and tell of what is poor and of what is poor no more."""
        now = self._clock.now()
        try:
            vitals = await self._store.between(now - timedelta(seconds=self.figures.window_seconds), now)
        except STORE_IS_AWAY as error:
            log.debug("the vitals wait for the store", reason=type(error).__name__)
            return
        for visited in vitals:  # those of before a restart are known again
            self._routes.known(visited.route)
        judged = {
            (vital, visited): (self.figures.p75(bins), bins)
            for visited, by_vital in vitals.items()
            for vital, bins in by_vital.items()
        }
        self._exporter.vitals(
            {(v, visited.route, visited.device): p75 for (v, visited), (p75, _) in judged.items() if p75 is not None}
        )
        await self._tell(self._findings({key: (p75, bins.samples) for key, (p75, bins) in judged.items()}, now))

    async def names(self) -> list[str]:
        """What findings of the last hour could be of: a start must not end the alerts of those."""
        now = self._clock.now()
        vitals = await self._store.between(now - timedelta(seconds=self.figures.window_seconds), now)
        return [series_name(vital, visited) for visited, by_vital in vitals.items() for vital in by_vital]

    async def between(self, start: datetime, end: datetime) -> Vitals:
        """What the page shows. Raises what the store raises while it is away."""
        return await self._store.between(start, end)

    async def keep_house(self) -> None:
        """Drop what is older than hourly figures are kept."""
        try:
            await self._store.prune(self._clock.now() - self._keep)
        except STORE_IS_AWAY as error:
            log.debug("the vitals wait for the store", reason=type(error).__name__)

    def _findings(self, judged: dict[tuple[Vital, Visited], tuple[float | None, int]], now: datetime) -> list[Finding]:
        """What was poor and has no visits any more is judged as well: as too little to say."""
        gone = {key: (None, 0) for key in self._poor.values() if key not in judged}
        findings = []
        for (vital, visited), (p75, samples) in {**judged, **gone}.items():
            bands = self.bands[vital]
            if bands is None or vital in UNJUDGED:
                continue
            finding = vital_finding(vital, visited, p75, samples, bands, self._routing, now)
            if finding.level is not Level.OK:
                self._poor[finding.series] = vital, visited
            elif p75 is None and finding.series not in self._poor:
                continue
            else:
                self._poor.pop(finding.series, None)
            findings.append(finding)
        return findings
