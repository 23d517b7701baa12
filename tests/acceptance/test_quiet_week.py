"""Nobody is woken for nothing, and nobody sleeps through an outage: the shipped configuration on an injected clock."""

import asyncio
import heapq
import math
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import httpx
import pytest
import yaml

from alerts import Alerts, Reason
from alerts.postgres_findings import PostgresFindings
from baselines import Measurement, Outcome, Series, Unit
from baselines import Reason as Failure
from baselines.postgres import PostgresBaselines, PostgresMeasurements
from baselines.postgres_drift import PostgresDrift
from baselines.postgres_ledger import PostgresLedger
from monitor.alerting import configured_channels, open_alerts
from monitor.checks.postgres import PostgresCheckRuns
from monitor.comparing import Comparing, Figures
from monitor.configuration import Configuration, load_configuration
from monitor.database import store_pool
from monitor.dependencies import confirming_probes
from monitor.drift import DriftWatch
from monitor.exporter import Exporter
from monitor.pipeline import Pipeline
from monitor.releases import Releases
from monitor.scheduler import RETRIES, RETRY_SECONDS, Beat, keep_beats
from monitor.spool import Spool
from monitor.watch import Watch
from probes import series_of
from tests.alerts.house import START, ManualClock, PlainBriefer
from thresholds import Level, Routing

ROOT = Path(__file__).parents[2]
DAY = 86_400.0
# Of a portal in good order: one call in four thousand is refused, one in three hundred is several times slower.
REFUSED, SLOW = 1 / 4000, 1 / 300


def shipped(store: str, directory: Path) -> Configuration:
    """`portalwatch.yml` of the root as it is, with its variables set and the given store."""
    text = (ROOT / "portalwatch.yml").read_text(encoding="utf-8")
    names = {part.split("}")[0].split(":-")[0] for part in text.split("${")[1:]}
    variables = {name: "json://127.0.0.1:9/x" for name in names if name.startswith("WATCH_")}
    variables |= {
        "WATCH_SIGNING_KEY": "0123456789abcdef",
        "WATCH_PUBLIC_URL": "http://127.0.0.1:9464",
        "WATCH_STORE_URL": store,
        "WATCH_HEARTBEAT_URL": "http://127.0.0.1:9/alive",
        "PORTAL_DATABASE_URL": "postgresql://p/x",
        "PORTAL_URL": "http://127.0.0.1:8001",
        "PORTAL_RELEASE": "v1",
        "PORTAL_PROBE_USER": "u",
        "PORTAL_PROBE_PASSWORD": "p",
        "PORTALWATCH_STORE__DIRECTORY": str(directory),
    }
    path = directory / "portalwatch.yml"
    path.write_text(yaml.safe_dump(yaml.safe_load(text), sort_keys=False), encoding="utf-8")
    return load_configuration(path, variables)


@dataclass
class Portal:
    """A portal in good order, and one that a test switches off: what each series measures at an instant.

    Durations scatter by 8 %, wander by a few percent over hours and are 5 % longer at noon than at night.
    """

    random: Random
    wander: dict[str, float] = field(default_factory=dict)
    down: set[str] = field(default_factory=set)

    def value(self, series: Series, seconds: float) -> float:
        """In the series' base unit, well inside every limit."""
        noise = self.random.gauss(0, 1)
        if series.increment or not series.comparable:
            return 0.0
        if series.unit is Unit.RATIO:
            return min(0.999, max(0.0, (0.995 if "hit" in series.name else 0.01) * (1 + 0.003 * noise)))
        if series.unit is not Unit.SECONDS:
            return max(0.0, 10 + noise)
        self.wander[series.name] = 0.995 * self.wander.get(series.name, 0.0) + 0.004 * self.random.gauss(0, 1)
        usual = 0.004 * (1 + hash_of(series.name) % 20)
        day = 1 + 0.05 * math.sin(2 * math.pi * seconds / DAY)
        slow = self.random.uniform(2, 6) if self.random.random() < SLOW else 1.0
        return usual * day * math.exp(self.wander[series.name] + 0.08 * noise) * slow


def hash_of(name: str) -> int:
    """The same number for a name in every process."""
    return sum(name.encode())


@dataclass
class Watching:
    """The service without its processes: beats, portal, pipeline and alerts on one clock."""

    configuration: Configuration
    routing: Routing
    pipeline: Pipeline
    alerts: Alerts
    drift: DriftWatch
    clock: ManualClock
    portal: Portal
    asked: list[str]

    async def run(self, days: float) -> None:
        """Let so much time pass: probes on their beats, failed ones again after 2 s, everything else each 5 min."""
        until = self.clock.now() + timedelta(days=days)
        probes = self.configuration.settings.probes
        beats = [Beat(name, one.interval_seconds) for name, one in probes.items()]
        queue = [(one.next_start(self.clock.now()), one.probe, 0) for one in beats]
        heapq.heapify(queue)
        take_at = house_at = self.clock.now()
        batch: list[Measurement] = []
        while queue[0][0] < until:
            at, name, retries = heapq.heappop(queue)
            await self.clock.move(seconds=(at - self.clock.now()).total_seconds())
            measured = self.measure(name, at)
            batch += measured
            if any(one.outcome is not Outcome.OK for one in measured):
                await self.pipeline.take(batch)
                batch = []
                if retries < RETRIES:
                    heapq.heappush(queue, (at + timedelta(seconds=RETRY_SECONDS), name, retries + 1))
            if not retries:
                heapq.heappush(queue, (at + timedelta(seconds=probes[name].interval_seconds), name, 0))
            if at >= take_at:
                await self.pipeline.take(batch)
                batch = []
                take_at = at + timedelta(seconds=30)
            if at >= house_at:
                house_at = at + timedelta(minutes=5)
                await self.keep_house()

    async def run_for_real(self, seconds: float) -> None:
        """The same by the scheduler itself, half a second at a time."""
        settings = self.configuration.settings
        batch: list[Measurement] = []

        async def run(name: str, at: datetime) -> list[Measurement]:
            return self.measure(name, at)

        beats = [Beat(name, one.interval_seconds) for name, one in settings.probes.items()]
        beating = asyncio.create_task(
            keep_beats(beats, run, batch.extend, self.clock, confirming_probes(settings, self.routing))
        )
        for _ in range(int(seconds * 2)):
            await self.clock.move(seconds=0.5)
            for _ in range(30):
                await asyncio.sleep(0)
            taken, batch[:] = list(batch), []
            await self.pipeline.take(taken)
            await self.alerts.advance()
        beating.cancel()

    async def keep_house(self) -> None:
        """What the service does by its clock; a suspicion has twenty further calls."""
        await self.pipeline.watch_drift()
        for name in self.asked:
            probes = self.configuration.settings.probes
            probe = next(probe for probe, one in probes.items() if name in {series.name for series in one.series()})
            for _ in range(20):
                await self.pipeline.take(self.measure(probe, self.clock.now()))
        self.asked.clear()
        await self.alerts.advance()

    def measure(self, name: str, at: datetime) -> list[Measurement]:
        """One run of a probe."""
        probe = self.configuration.settings.probes[name]
        refused = probe.target in self.portal.down or self.portal.random.random() < REFUSED
        return [
            Measurement(
                series=series.name,
                intended_at=at,
                started_at=at,
                outcome=Outcome.ERROR if refused else Outcome.OK,
                reason=Failure.REFUSED if refused else None,
                value=None if refused else self.portal.value(series, (at - START).total_seconds()),
            )
            for series in probe.series()
        ]


@asynccontextmanager
async def watching(store: str, directory: Path, seed: int) -> AsyncIterator[Watching]:
    """Everything put together as the service does it."""
    configured, clock = shipped(store, directory), ManualClock()
    series = series_of(configured.settings.probes)
    figures = Figures.load(configured, series)
    exporter, watch = Exporter(series, version="0"), Watch(series, clock.now())
    async with store_pool(store) as pool, httpx.AsyncClient() as client:
        measurements, ledger = PostgresMeasurements(pool), PostgresLedger(pool)
        alerts = open_alerts(
            pool,
            configured.settings,
            figures,
            series,
            channels=configured_channels(configured, exporter),  # of which none is called
            client=client,
            briefer=PlainBriefer(),
            clock=clock,
            observer=exporter,
            instance="test",
        )
        asked: list[str] = []
        drift = DriftWatch(PostgresDrift(pool), measurements, series, figures, "v1", asked.append)
        pipeline = Pipeline(
            configuration=configured,
            series=series,
            figures=figures,
            comparing=Comparing(figures=figures, store=PostgresBaselines(pool), ledger=ledger),
            measurements=measurements,
            releases=Releases(pool),
            spool=Spool(directory / "spool" / "measurements.jsonl"),
            drift=drift,
            alerts=alerts,
            findings=PostgresFindings(pool),
            check_runs=PostgresCheckRuns(pool),
            exporter=exporter,
            watch=watch,
            ask_for_snapshot=lambda *_: None,
            clock=clock,
        )
        await pipeline.register()
        yield Watching(configured, figures.routing, pipeline, alerts, drift, clock, Portal(Random(seed)), asked)


def test_statement_20_a_quiet_week_wakes_nobody(store: str, tmp_path: Path) -> None:
    """Seven days of the whole shipped configuration on a portal in good order, with its single refused and slow calls:
    nothing at tier 3 or above, at most one at tier 2. From the second day on every duration is watched for change.
    """

    async def scenario() -> None:
        async with watching(store, tmp_path, seed=1) as house:
            await house.run(7)
            assert house.drift.unarmed == []
            history = await house.alerts.history(START, house.clock.now())
            fired = Counter(one.tier for one in history if one.event == Reason.FIRED)
            assert fired.keys() <= {"tier_2_warning"}, history
            assert fired["tier_2_warning"] <= 1, history

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("target", "one_of"), [("portal_database", "reachability.database"), ("portal", "reachability.portal")]
)
@pytest.mark.parametrize("moment", range(3))
def test_statement_20_a_target_that_is_down_pages_within_20_s_and_once(
    store: str, tmp_path: Path, target: str, one_of: str, moment: int
) -> None:
    """From the first probe that finds the portal or its database refusing, whichever that is, to the due time of the
    first message at tier 4 less than 20 s pass; it is the only page, and what is wrong behind it is told by nobody.
    """

    async def scenario() -> None:
        async with watching(store, tmp_path, seed=2) as house:
            await house.run_for_real(60 + 7 * moment)
            names = {"portal", "portal_anonymous"} if target == "portal" else {"portal_database"}
            house.portal.down |= names
            went_down = house.clock.now()
            await house.run_for_real(120)
            records = await house.alerts.list_alerts()
            paged = [one for one in records if one.alert.channels]
            assert [one.alert.series for one in paged] == [one_of]
            assert paged[0].alert.level is Level.CRITICAL
            assert paged[0].alert.tier == "tier_4_emergency"
            first_look = min(
                Beat(name, one.interval_seconds).next_start(went_down)
                for name, one in house.configuration.settings.probes.items()
                if one.target in names
            )
            [fired] = [one.at for one in paged[0].events if one.event == Reason.FIRED]
            wait = house.routing.tiers["tier_4_emergency"].group_wait_seconds
            assert (fired - first_look).total_seconds() + wait < 20

    asyncio.run(scenario())
