"""Measurement → stored → held against limits and baseline → finding → alert: the one way data walks."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import asyncpg
import structlog

from alerts import Alerts, AlertStoreError
from baselines import BaselineError, Clock, Measurement, SeriesRegistry
from baselines.postgres import PostgresMeasurements
from monitor.comparing import Comparing, Figures, compare_live, live_capture
from monitor.configuration import Configuration
from monitor.exporter import Exporter
from monitor.releases import Releases
from monitor.silence import silence_findings
from monitor.spool import Spool
from monitor.watch import Watch
from thresholds import Finding, Level, baseline_findings, evaluate

# Whatever keeps the store from taking something in: away, read-only after a failover, a password that was changed. What
# was measured is spooled then, whatever the reason.
STORE_IS_AWAY = (
    OSError,  # of which TimeoutError is one
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that dies in the middle of an operation
)
# A store that takes longer than this for a batch is as good as away.
_APPEND_SECONDS = 5.0

log = structlog.get_logger(__name__)


class Pipeline:
    """The steps, with everything they need; one object a service process."""

    def __init__(
        self,
        *,
        configuration: Configuration,
        series: SeriesRegistry,
        figures: Figures,
        comparing: Comparing,
        measurements: PostgresMeasurements,
        releases: Releases,
        spool: Spool,
        alerts: Alerts,
        exporter: Exporter,
        watch: Watch,
        clock: Clock,
    ) -> None:
        self._configuration = configuration
        self._series = series
        self._figures = figures
        self._comparing = comparing
        self._measurements = measurements
        self._releases = releases
        self._spool = spool
        self._alerts = alerts
        self._exporter = exporter
        self._watch = watch
        self._clock = clock
        self._registered = False
        self._limits = {name: figures.matrix.limits_of(one) for name, one in series.items()}

    async def take(self, batch: Sequence[Measurement]) -> None:
        """A batch of measurements; those of unknown series (of a prober that is being restarted) are only counted."""
        for one in batch:
            self._exporter.observe(one)
        known = [one for one in batch if one.series in self._series]
        for one in known:
            self._watch.saw(one)
        await self._keep(known)
        await self._tell([finding for one in known for finding in self._held_against_limits(one)])

    async def register(self) -> None:
        """Make the series known to the store, where it is there; else the first measurements that it takes do.

        Raises BaselineError where a series changed its unit or direction.
        """
        try:
            await self._register()
        except STORE_IS_AWAY as error:
            self._store_is(up=False, reason=type(error).__name__)

    async def compare(self) -> None:
        """The last hour against the active baseline, where there is one."""
        try:
            name = await self._comparing.store.active(self._configuration.settings.environment)
            now, ledger = self._clock.now(), self._comparing.ledger
            live = await live_capture(self._measurements, ledger, self._series, self._configuration, now)
            if name is None or live is None:
                return
            comparison = await compare_live(self._comparing, await self._comparing.store.load(name), live, now)
        except BaselineError as error:
            log.warning("the last hour could not be compared", reason=str(error))
            return
        except STORE_IS_AWAY:
            self._store_is(up=False)
            return
        self._watch.comparison = comparison
        self._exporter.baseline_compared(comparison)
        await self._tell(baseline_findings(comparison, self._figures.routing, self._clock.now()))

    async def listen_for_silence(self) -> None:
        """What is not being measured at all: a finding like any other."""
        await self._tell(silence_findings(self._watch, self._figures.routing, self._clock.now()))

    def keep_for_later(self, measurements: Sequence[Measurement]) -> None:
        """Spool what the store can't take now, or count it where there is no room left."""
        if self._spool.append(measurements):
            self._exporter.spooled(len(measurements))
        else:
            self._exporter.dropped(len(measurements))

    async def replay(self) -> None:
        """Write what was spooled while the store was away, where it is back."""
        if not (self._registered and self._watch.store_up and self._spool.size_bytes):
            return
        taken = await asyncio.to_thread(self._spool.take)
        measurements = [one for one in taken if one.series in self._series]
        try:
            await self._measurements.append(measurements)  # all or nothing, so nothing is written twice
        except STORE_IS_AWAY:
            return
        self._spool.clear()
        self._store_is(up=True)
        log.info("the spool is written", measurements=len(measurements))

    async def count_alerts(self) -> None:
        """Tell the exporter how many alerts stand where, and what still waits to be delivered."""
        try:
            counts = await self._alerts.count()
        except AlertStoreError:
            return
        self._exporter.alerts(counts.open)
        self._exporter.outbox(counts.waiting)

    async def keep_house(self) -> None:
        """Close the hours that ended and drop what is older than the configuration keeps."""
        settings, now = self._configuration.settings.store, self._clock.now()
        try:
            await self._measurements.compact(now)
            await self._measurements.prune(
                now - timedelta(days=settings.samples_days), now - timedelta(days=settings.rollups_days)
            )
        except STORE_IS_AWAY:
            self._store_is(up=False)

    async def _register(self) -> None:
        await self._measurements.register(self._series)
        settings = self._configuration.settings
        since = await self._releases.first_seen(settings.environment, settings.release, self._clock.now())
        self._exporter.deployed(settings.release, since)
        self._registered = True

    def _held_against_limits(self, measurement: Measurement) -> list[Finding]:
        series = self._series[measurement.series]
        return evaluate(series, self._limits[series.name], measurement, self._figures.routing)

    async def _keep(self, measurements: Sequence[Measurement]) -> None:
        if not measurements:
            return
        try:
            async with asyncio.timeout(_APPEND_SECONDS):
                if not self._registered:
                    await self._register()
                await self._measurements.append(measurements)
        except STORE_IS_AWAY as error:
            self._store_is(up=False, reason=type(error).__name__)
            self.keep_for_later(measurements)
        except asyncio.CancelledError:
            self.keep_for_later(measurements)
            raise
        else:
            self._store_is(up=True)

    async def _tell(self, findings: Sequence[Finding]) -> None:
        self._watch.judged(findings)
        for name in {one.series for one in findings}:
            self._exporter.findings(name, self._watch.findings_of(name))
        for one in findings:
            if one.level is not Level.OK:
                log.info("finding", series=one.series, rule=one.rule, severity=one.level, summary=one.summary)
        try:
            await self._alerts.record(findings)
        except AlertStoreError as error:
            log.error("findings could not be recorded", reason=str(error))

    def _store_is(self, *, up: bool, reason: str = "") -> None:
        if up != self._watch.store_up:
            log.info("the store is back") if up else log.error("the store is away, spooling", reason=reason)
        self._watch.store_up = up
        self._exporter.store(up=up)
