"""From a measurement to an alert, through a real store."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from alerts import Alerts
from baselines import LedgerEntry, Measurement, Outcome, PlanShape, Reason, Section
from baselines.ledger import plan_entry
from baselines.postgres import PostgresBaselines, PostgresMeasurements
from baselines.postgres_ledger import PostgresLedger
from monitor.alerting import open_alerts
from monitor.comparing import Comparing, Figures
from monitor.configuration import load_configuration
from monitor.database import migrate, store_pool
from monitor.embedded import EmbeddedServer
from monitor.exporter import Exporter
from monitor.pipeline import Pipeline
from monitor.releases import Releases
from monitor.spool import Spool
from monitor.watch import Watch
from probes import series_of
from tests.clocks import START, ManualClock
from tests.monitor.cli.commands import configuration, sql_probes
from tests.monitor.cli.stored import SERIES, made
from thresholds import Rule


@dataclass(frozen=True, slots=True)
class House:
    """The pipeline with everything around it that a test moves and asks."""

    pipeline: Pipeline
    clock: ManualClock
    watch: Watch
    exporter: Exporter
    alerts: Alerts
    measurements: PostgresMeasurements
    baselines: PostgresBaselines
    ledger: PostgresLedger
    spool: Spool

    async def measure(self, value: float | None, times: int = 1, series: str = SERIES) -> None:
        """So many runs 30 s apart, each taken as it comes; None is a refused connection."""
        for _ in range(times):
            self.clock.advance(30)
            await self.pipeline.take([self.measured(value, series)])

    def measured(self, value: float | None, series: str = SERIES) -> Measurement:
        """A run of now."""
        now = self.clock.now()
        outcome, reason = (Outcome.ERROR, Reason.REFUSED) if value is None else (Outcome.OK, None)
        return Measurement(series=series, intended_at=now, started_at=now, outcome=outcome, value=value, reason=reason)

    async def kept(self) -> list[float | None]:
        """The values of the series in the store, oldest first."""
        measured = await self.measurements.since([SERIES], START - timedelta(days=1))
        return [one.value for one in measured[SERIES]]

    async def states(self) -> list[tuple[str, str]]:
        """Rule and state of every alert, the newest first."""
        return [(one.alert.rule, one.alert.state) for one in await self.alerts.list_alerts()]

    def metric(self, name: str) -> float:
        """The value of a metric without labels."""
        lines = self.exporter.render()[0].decode().splitlines()
        return next((float(line.split()[1]) for line in lines if line.startswith(f"{name} ")), 0.0)


@asynccontextmanager
async def opened(store: str, directory: Path) -> AsyncIterator[House]:
    """The pipeline as the service makes it, on a clock that stands."""
    path = configuration(directory, store, **sql_probes("postgresql://s/x", a="SELECT 1"))
    configured, clock = load_configuration(path, {}), ManualClock()
    series = series_of(configured.settings.probes)
    figures = Figures.load(configured, series)
    exporter, watch = Exporter(series, version="0"), Watch(series, clock.now())
    spool = Spool(directory / "spool" / "measurements.jsonl")
    async with store_pool(store, eager=False) as pool:
        measurements, baselines, ledger = PostgresMeasurements(pool), PostgresBaselines(pool), PostgresLedger(pool)
        alerts = open_alerts(
            pool, configured.settings, figures, series, clock=clock, observer=exporter, instance="test"
        )
        pipeline = Pipeline(
            configuration=configured,
            series=series,
            figures=figures,
            comparing=Comparing(figures=figures, store=baselines, ledger=ledger),
            measurements=measurements,
            releases=Releases(pool),
            spool=spool,
            alerts=alerts,
            exporter=exporter,
            watch=watch,
            clock=clock,
        )
        await pipeline.register()
        yield House(pipeline, clock, watch, exporter, alerts, measurements, baselines, ledger, spool)


def visit(store: str, directory: Path, act: Callable[[House], Awaitable[None]]) -> None:
    """Run `act` on a pipeline."""

    async def run() -> None:
        async with opened(store, directory) as house:
            await act(house)

    asyncio.run(run())


def test_a_measurement_is_kept_seen_and_exported(store: str, tmp_path: Path) -> None:
    """The store, the pages and the scrape have the same figure; what is well makes no alert."""

    async def act(house: House) -> None:
        await house.measure(0.0125)
        assert await house.kept() == [pytest.approx(0.0125)]
        assert house.watch.latest[SERIES].value == 0.0125
        assert house.metric(f'portalwatch_series_value_seconds{{series="{SERIES}"}}') == 0.0125
        assert house.metric("portalwatch_store_up") == 1
        assert await house.states() == []

    visit(store, tmp_path, act)


def test_an_unknown_series_is_left_out_and_counted(store: str, tmp_path: Path) -> None:
    """What comes with it is kept; the stranger is in no page and in no table."""

    async def act(house: House) -> None:
        await house.pipeline.take([house.measured(0.02, "q.stranger"), house.measured(0.01)])
        await house.pipeline.take([house.measured(0.02, "q.stranger")])
        assert await house.kept() == [pytest.approx(0.01)]
        assert set(house.watch.latest) == {SERIES}
        assert house.metric("portalwatch_measurements_unregistered_total") == 2

    visit(store, tmp_path, act)


@pytest.mark.parametrize(("bad", "rule"), [(0.9, Rule.ABSOLUTE), (None, Rule.AVAILABILITY)])
def test_three_bad_measurements_fire_and_two_good_ones_resolve(
    store: str, tmp_path: Path, bad: float | None, rule: Rule
) -> None:
    """Not after two of them and not after one: a query beyond its 500 ms, and one that fails."""

    async def act(house: House) -> None:
        told = []
        for value in (bad, bad, bad, 0.01, 0.01):
            await house.measure(value)
            told.append([state for one, state in await house.states() if one == rule])
        assert told == [["pending"], ["pending"], ["firing"], ["firing"], ["resolved"]]
        assert house.watch.findings_of(SERIES) == []

    visit(store, tmp_path, act)


def test_a_good_measurement_between_starts_the_count_anew(store: str, tmp_path: Path) -> None:
    """Two, a good one and two again never fire."""

    async def act(house: House) -> None:
        for value in (0.9, 0.9, 0.01, 0.9, 0.9):
            await house.measure(value)
        assert await house.states() == [(Rule.ABSOLUTE, "pending")]

    visit(store, tmp_path, act)


def test_while_the_store_is_away_measurements_wait_on_the_disk(reachable_directory: Path, tmp_path: Path) -> None:
    """They are spooled and counted, also where there is no room left; once it is back they are written, once."""
    directory = reachable_directory / "leaving"
    server = EmbeddedServer.start(directory, durable=False)
    try:
        server.create_database("portalwatch")
        dsn = server.dsn("portalwatch")
        asyncio.run(migrate(dsn))
        with asyncio.Runner() as runner:
            manager = opened(dsn, tmp_path)
            house = runner.run(manager.__aenter__())
            runner.run(house.measure(0.01))
            server.stop()
            runner.run(house.measure(0.02))
            runner.run(house.measure(0.9, times=2))
            runner.run(house.pipeline.replay())
            runner.run(house.pipeline.compare())
            runner.run(house.pipeline.count_alerts())
            runner.run(house.pipeline.keep_house())
            assert house.watch.store_up is False
            assert house.metric("portalwatch_store_up") == 0
            assert house.metric("portalwatch_measurements_spooled_total") == 3
            assert [one.rule for one in house.watch.findings_of(SERIES)] == [Rule.ABSOLUTE]
            server = EmbeddedServer.start(directory, durable=False)
            runner.run(house.measure(0.03))
            runner.run(house.pipeline.replay())
            runner.run(house.pipeline.replay())
            assert runner.run(house.kept()) == pytest.approx([0.01, 0.02, 0.9, 0.9, 0.03])
            assert house.spool.size_bytes == 0
            assert house.watch.store_up is True
            assert house.metric("portalwatch_store_up") == 1
            runner.run(manager.__aexit__(None, None, None))
    finally:
        server.stop()


def test_a_service_that_starts_without_the_store_keeps_everything(tmp_path: Path) -> None:
    """Nobody listens: it is spooled from the first measurement on, and a spool without room is counted as loss."""

    async def act(house: House) -> None:
        await house.measure(0.01)
        assert [one.value for one in house.spool.take()] == [0.01]
        assert house.metric("portalwatch_measurements_spooled_total") == 1
        house.spool._limit_bytes = 0
        await house.measure(0.01, times=2)
        assert house.metric("portalwatch_measurements_dropped_total") == 2

    visit("postgresql://u:p@127.0.0.1:1/none", tmp_path, act)


def test_a_slower_last_hour_raises_an_alert_that_resolves_when_it_is_over(store: str, tmp_path: Path) -> None:
    """At once, since a comparison has made sure; and it is well again after two good ones."""

    async def act(house: House) -> None:
        await house.baselines.save(made("pre", 40))
        await house.measure(0.12, times=100)
        await house.pipeline.compare()
        assert await house.states() == [(Rule.BASELINE, "firing")]
        (finding,) = house.watch.findings_of(SERIES)
        assert finding.value == pytest.approx(3.0, rel=0.1)
        assert house.watch.comparison is not None
        assert house.watch.comparison.after == "live"
        house.clock.advance(3600)
        await house.measure(0.04, times=100)
        await house.pipeline.compare()
        assert await house.states() == [(Rule.BASELINE, "firing")]
        await house.pipeline.compare()
        assert await house.states() == [(Rule.BASELINE, "resolved")]
        assert house.watch.findings_of(SERIES) == []

    visit(store, tmp_path, act)


def test_a_slower_last_hour_comes_with_what_changed_and_with_its_plan(store: str, tmp_path: Path) -> None:
    """The ledger's changes up to now, and the plan inspected last as the explanation of the series."""

    async def act(house: House) -> None:
        was, is_now = PlanShape(("Index Scan on t",)), PlanShape(("Seq Scan on t",))
        await house.baselines.save(made("pre", 40, plans={SERIES: was}))
        end = (await house.baselines.load("pre")).finished_at
        entries = [(end, "btree (a)", was), (end + timedelta(minutes=1), "invalid", is_now)]
        for at, index, plan in entries:
            facts = {"index i on t": index}
            await house.ledger.append("test", LedgerEntry(source="db", section=Section.INDEXES, at=at, facts=facts))
            await house.ledger.append("test", plan_entry(SERIES, plan.nodes, at))
        house.clock.advance((end - house.clock.now()).total_seconds() + 120)
        await house.measure(0.12, times=100)
        await house.pipeline.compare()
        comparison = house.watch.comparison
        assert comparison is not None
        assert {one.sentence for one in comparison.changes} == {
            "index i on t is invalid",
            f"plan of {SERIES}: Index Scan on t → Seq Scan on t",
        }
        (explanation,) = comparison.series[0].explanations
        assert explanation.summary == "the plan changed: Index Scan on t → Seq Scan on t"

    visit(store, tmp_path, act)


@pytest.mark.parametrize(("name", "times"), [(None, 100), ("pre", 19), ("pre", 59)])
def test_without_baseline_or_samples_nothing_is_said(store: str, tmp_path: Path, name: str | None, times: int) -> None:
    """No baseline, no session and fewer than three sessions: three times as slow raises nothing."""

    async def act(house: House) -> None:
        if name is not None:
            await house.baselines.save(made(name, 40))
        await house.measure(0.12, times=times)
        await house.pipeline.compare()
        assert await house.states() == []

    visit(store, tmp_path, act)


def test_open_alerts_are_counted_by_tier_and_state(store: str, tmp_path: Path) -> None:
    """A firing one is 1, and 0 once it is resolved."""

    async def act(house: House) -> None:
        await house.measure(0.9, times=3)
        (record,) = await house.alerts.list_alerts()
        firing = f'portalwatch_alerts{{state="firing",tier="{record.alert.tier}"}}'
        await house.pipeline.count_alerts()
        assert house.metric(firing) == 1
        await house.measure(0.01, times=2)
        await house.pipeline.count_alerts()
        assert house.metric(firing) == 0

    visit(store, tmp_path, act)
