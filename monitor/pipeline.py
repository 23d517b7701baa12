"""Measurement → stored → held against limits and baseline → finding → alert: the one way data walks."""

import asyncio
import math
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta

import asyncpg
import structlog

from alerts import Alerts, AlertStoreError
from alerts.finding_run import FindingRuns
from alerts.postgres_findings import PostgresFindings
from baselines import BaselineError, Clock, Measurement, SeriesRegistry
from baselines.postgres import PostgresMeasurements
from monitor.checks.finding import check_finding
from monitor.checks.postgres import PostgresCheckRuns
from monitor.comparing import Comparing, Figures, compare_live, live_capture
from monitor.configuration import Configuration
from monitor.counting import Counting
from monitor.drift import DriftWatch
from monitor.exporter import Exporter
from monitor.releases import Releases
from monitor.silence import silence_findings
from monitor.spool import Spool
from monitor.watch import Watch
from thresholds import Finding, Level, Rule, baseline_findings, evaluate, marked

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
        drift: DriftWatch,
        alerts: Alerts,
        findings: PostgresFindings,
        check_runs: PostgresCheckRuns,
        exporter: Exporter,
        watch: Watch,
        ask_for_snapshot: Callable[[str, str], None],
        clock: Clock,
    ) -> None:
        self._configuration = configuration
        self._series = series
        self._figures = figures
        self._comparing = comparing
        self._measurements = measurements
        self._releases = releases
        self._spool = spool
        self._drift = drift
        self._alerts = alerts
        self._stored_findings = findings
        self._check_runs = check_runs
        self._runs = FindingRuns()
        self._exporter = exporter
        self._watch = watch
        self._ask_for_snapshot = ask_for_snapshot
        self._clock = clock
        self._registered = False
        self._tried_at = -math.inf
        self._limits = {name: figures.matrix.limits_of(one) for name, one in series.items()}
        self._dry_runs = frozenset(name for name, one in self._limits.items() if one.dry_run)
        self._counting = Counting(series, self._limits)

    async def take(self, batch: Sequence[Measurement]) -> None:
        """A batch of measurements; those of unknown series (of a prober that is being restarted) are only counted."""
        for one in batch:
            self._exporter.observe(one)
        known = [one for one in batch if one.series in self._series]
        for one in known:
            self._watch.saw(one)
        findings = [finding for one in known for finding in self._held_against_limits(one)]
        findings += self._drift.take(known, self._clock.now())
        # A store that takes its time must not delay the telling.
        await asyncio.gather(self._keep(known), self.tell(findings))

    async def register(self) -> None:
        """Make the series known to the store, where it is there; else the first measurements that it takes do.

        Raises BaselineError where a series changed its unit or direction.
        """
        try:
            await self._register()
        except STORE_IS_AWAY as error:
            self._store_is(up=False, reason=type(error).__name__)

    async def compare(self) -> None:
        """The last hour against the active baseline, where there is one and it has not expired."""
        try:
            name = await self._comparing.store.active(self._configuration.settings.environment)
            if name is None:
                return
            now, ledger = self._clock.now(), self._comparing.ledger
            baseline = await self._comparing.store.load(name)
            if expired_at := baseline.expired_at(now):
                self._compare_no_more(f"{name} expired at {expired_at:%Y-%m-%d %H:%M} UTC; approve it or another one")
                return
            self._watch.not_compared = ""
            live = await live_capture(self._measurements, ledger, self._series, self._configuration, now)
            if live is None:
                return
            comparison = await compare_live(self._comparing, baseline, live, now)
        except BaselineError as error:
            log.warning("the last hour could not be compared", reason=str(error))
            return
        except STORE_IS_AWAY:
            self._store_is(up=False)
            return
        self._watch.comparison = comparison
        self._exporter.baseline_compared(comparison)
        # A baseline was captured at another cadence, so it accuses too easily: a series that is watched has its own
        # reference, and only until it has one does the baseline speak for it.
        findings = baseline_findings(comparison, self._figures.routing, self._clock.now())
        await self.tell([one for one in findings if self._drift.standing_of(one.series) is None])

    async def watch_drift(self) -> None:
        """Take and take up references, remember how the series stand to them, and say so."""
        now = self._clock.now()
        try:
            if self._registered:
                await self._drift.keep(now, self._unwell())
        except STORE_IS_AWAY:
            self._store_is(up=False)
        for name in self._series:
            standing = self._drift.standing_of(name)
            if standing is not None:
                self._exporter.drift(name, *standing)
        await self.tell(self._drift.findings(now))

    def _unwell(self) -> set[str]:
        """The series with a finding; the baseline's, which accuses too easily, is what a reference settles."""
        return {one.series for one in self._watch.findings.values() if one.rule is not Rule.BASELINE}

    async def remember_drift(self) -> None:
        """Before an end: what has happened since the last time it was written."""
        try:
            await self._drift.remember()
        except STORE_IS_AWAY as error:
            log.warning("the watching of the last minute is lost", reason=type(error).__name__)

    async def listen_for_silence(self) -> None:
        """What is not being measured at all: a finding like any other."""
        await self.tell(silence_findings(self._watch, self._figures.routing, self._clock.now()))

    async def tell_checks(self) -> None:
        """The latest kept run of each check, whoever made it: what fails is a finding like any other."""
        try:
            latest = await self._check_runs.latest(self._configuration.settings.environment)
        except STORE_IS_AWAY:
            return
        self._exporter.checked(latest.values())
        await self.tell([check_finding(one, self._clock.now()) for one in latest.values()])

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

    async def keep_findings(self) -> None:
        """Write what was found since the last time; while the store is away it waits."""
        runs = self._runs.unwritten()
        if not runs:
            return
        try:
            await self._stored_findings.append(runs)
        except AlertStoreError:
            return
        self._runs.written(runs)

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
            await self._stored_findings.prune(now - timedelta(days=settings.rollups_days))
            await self._check_runs.prune(now - timedelta(days=settings.rollups_days))
            await self._alerts.keep_house()
            await self._measurements.prune(
                now - timedelta(days=settings.samples_days), now - timedelta(days=settings.rollups_days)
            )
        except (*STORE_IS_AWAY, AlertStoreError):
            self._store_is(up=False)

    def _compare_no_more(self, why: str) -> None:
        """What was compared last must not stand for now."""
        if why != self._watch.not_compared:
            log.error("nothing is held against the active baseline", reason=why)
        self._watch.comparison, self._watch.not_compared = None, why
        self._exporter.baseline_gone()

    async def _register(self) -> None:
        await self._measurements.register(self._series)
        settings = self._configuration.settings
        since = await self._releases.first_seen(settings.environment, settings.release, self._clock.now())
        self._exporter.deployed(settings.release, since)
        await self._counting.restore(self._measurements, self._clock.now())
        self._registered = True

    def _held_against_limits(self, measurement: Measurement) -> list[Finding]:
        series = self._series[measurement.series]
        return evaluate(series, self._limits[series.name], self._counting.of_window(measurement), self._figures.routing)

    async def _keep(self, measurements: Sequence[Measurement]) -> None:
        if not measurements:
            return
        if not self._watch.store_up and self._clock.monotonic() - self._tried_at < _APPEND_SECONDS:
            self.keep_for_later(measurements)
            return
        self._tried_at = self._clock.monotonic()
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

    async def tell(self, judged: Sequence[Finding]) -> None:
        findings = marked(judged, self._dry_runs)
        self._runs.take(findings, self._clock.now())
        for one in self._watch.judged(findings):
            self._ask_for_snapshot(one.series, one.summary)
        for name in {one.series for one in findings}:
            self._exporter.findings(name, self._watch.findings_of(name))
        for one in findings:
            if one.level is not Level.OK:
                log.info("finding", series=one.series, rule=one.rule, severity=one.level, summary=one.summary)
        try:
            for each in _one_by_one(findings):
                await self._alerts.record([one.told for one in each])
        except AlertStoreError as error:
            log.error("findings could not be recorded", reason=str(error))

    def _store_is(self, *, up: bool, reason: str = "") -> None:
        if up != self._watch.store_up:
            log.info("the store is back") if up else log.error("the store is away, spooling", reason=reason)
        self._watch.store_up = up
        self._exporter.store(up=up)


def _one_by_one(findings: Sequence[Finding]) -> list[list[Finding]]:
    """Evaluations of one rule that came together are as many as when each came by itself."""
    turns: list[list[Finding]] = [[]]
    seen: Counter[str] = Counter()
    for one in findings:
        turn = seen[one.fingerprint]
        seen[one.fingerprint] += 1
        if turn == len(turns):
            turns.append([])
        turns[turn].append(one)
    return turns
