"""From a measurement to an alert, through a real store."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from alerts import Alerts
from alerts.postgres_findings import PostgresFindings
from baselines import Approval, LedgerEntry, Measurement, Outcome, PlanShape, Reason, Section, Verdict
from baselines.ledger import plan_entry
from baselines.postgres import PostgresBaselines, PostgresMeasurements
from baselines.postgres_drift import PostgresDrift
from baselines.postgres_ledger import PostgresLedger
from baselines.reference import ARMED_CALLS
from baselines.watcher import Drift
from monitor.alerting import configured_channels, open_alerts
from monitor.checks.postgres import PostgresCheckRuns
from monitor.comparing import Comparing, Figures
from monitor.configuration import load_configuration
from monitor.database import migrate, store_pool
from monitor.drift import DriftWatch
from monitor.embedded import EmbeddedServer
from monitor.exporter import Exporter
from monitor.pipeline import Pipeline
from monitor.releases import Releases
from monitor.spool import Spool
from monitor.watch import Watch
from monitor.web.status import components_of
from probes import series_of
from tests.alerts.house import PlainBriefer
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
    drift: DriftWatch
    asked: list[tuple[str, str]]

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

    async def arm(self) -> None:
        """A day of healthy calls of 10 ms lies behind, and the series has its reference."""
        calls = []
        for turn in range(ARMED_CALLS):
            self.clock.advance(30)
            calls.append(self.measured(0.010 * (1 + turn % 7 / 50)))
        await self.measurements.append(calls)
        await self.pipeline.watch_drift()
        await self.pipeline.watch_drift()
        assert self.drift.unarmed == []

    def drifted(self) -> Drift | None:
        """How the series stands to its reference, None without one."""
        standing = self.drift.standing_of(SERIES)
        return standing and standing[0]

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
async def opened(store: str, directory: Path, **sections: object) -> AsyncIterator[House]:
    """The pipeline as the service makes it, on a clock that stands; further sections of its configuration as given."""
    path = configuration(directory, store, **{**sql_probes("postgresql://s/x", a="SELECT 1"), **sections})
    configured, clock = load_configuration(path, {}), ManualClock()
    series = series_of(configured.settings.probes)
    figures = Figures.load(configured, series)
    exporter, watch = Exporter(series, version="0"), Watch(series, clock.now())
    spool = Spool(directory / "spool" / "measurements.jsonl")
    async with store_pool(store, eager=False) as pool, httpx.AsyncClient() as client:
        measurements, baselines, ledger = PostgresMeasurements(pool), PostgresBaselines(pool), PostgresLedger(pool)
        alerts = open_alerts(
            pool,
            configured.settings,
            figures,
            series,
            channels=configured_channels(configured, exporter),
            client=client,
            briefer=PlainBriefer(),
            clock=clock,
            observer=exporter,
            instance="test",
        )
        drift = DriftWatch(PostgresDrift(pool), measurements, series, figures, "v1", lambda _: None)
        asked: list[tuple[str, str]] = []
        pipeline = Pipeline(
            configuration=configured,
            series=series,
            figures=figures,
            comparing=Comparing(figures=figures, store=baselines, ledger=ledger),
            measurements=measurements,
            releases=Releases(pool),
            spool=spool,
            drift=drift,
            alerts=alerts,
            findings=PostgresFindings(pool),
            check_runs=PostgresCheckRuns(pool),
            exporter=exporter,
            watch=watch,
            ask_for_snapshot=lambda series, reason: asked.append((series, reason)),
            clock=clock,
        )
        await pipeline.register()
        yield House(pipeline, clock, watch, exporter, alerts, measurements, baselines, ledger, spool, drift, asked)


def visit(store: str, directory: Path, act: Callable[[House], Awaitable[None]], **sections: object) -> None:
    """Run `act` on a pipeline."""

    async def run() -> None:
        async with opened(store, directory, **sections) as house:
            await act(house)

    asyncio.run(run())


def test_a_snapshot_is_asked_for_when_something_becomes_wrong(store: str, tmp_path: Path) -> None:
    """Once, with the finding's own words, however long it stays; nothing is asked while all is well."""

    async def act(house: House) -> None:
        await house.measure(0.010)
        assert house.asked == []
        await house.measure(None, times=5)
        assert {series for series, _ in house.asked} == {SERIES}
        asked = len(house.asked)
        assert house.asked[0][1] == next(one.summary for one in house.watch.findings_of(SERIES))
        await house.measure(None, times=5)
        assert len(house.asked) == asked

    visit(store, tmp_path, act)


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
        assert explanation.summary == "the plan changed: Index Scan on t became a Seq Scan"

    visit(store, tmp_path, act)


def test_a_baseline_that_has_expired_is_compared_with_no_more(store: str, tmp_path: Path) -> None:
    """It is said, and no ratio of before stands for now; approved anew, it is compared with again."""

    async def act(house: House) -> None:
        def ratios() -> int:
            return house.exporter.render()[0].decode().count("portalwatch_series_to_baseline_ratio{")

        async def approve() -> None:
            at = house.clock.now()
            await house.baselines.approve("pre", Approval(by="ann", at=at, expires_at=at + timedelta(hours=2)))

        await house.baselines.save(made("pre", 40))
        await approve()
        await house.measure(0.12, times=100)
        await house.pipeline.compare()
        assert house.watch.comparison is not None
        assert ratios() == 3

        house.clock.advance(3600)
        await house.measure(0.12, times=100)
        await house.pipeline.compare()
        assert house.watch.comparison is None
        assert house.watch.not_compared.startswith("pre expired at 2026-03-02 11:00 UTC")
        assert ratios() == 0
        parts = components_of(house.watch, store_answers=True, now=house.clock.now())
        (shown,) = [one for one in parts if one.name == "baseline"]
        assert (shown.works, shown.detail) == (False, house.watch.not_compared)

        await approve()
        await house.pipeline.compare()
        assert house.watch.comparison is not None
        assert house.watch.not_compared == ""

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


def test_how_many_bad_and_good_ones_is_the_users(store: str, tmp_path: Path) -> None:
    """One bad measurement fires and three good ones resolve, where the configuration says so."""

    async def act(house: House) -> None:
        told = []
        for value in (0.9, 0.01, 0.01, 0.01):
            await house.measure(value)
            told.append([state for _, state in await house.states()])
        assert told == [["firing"], ["firing"], ["firing"], ["resolved"]]

    visit(store, tmp_path, act, thresholds={SERIES: {"bad_evaluations": 1, "good_evaluations": 3}})


DRY_RUN = {SERIES: {"dry_run": True}}


@pytest.mark.parametrize(("bad", "rule"), [(0.9, Rule.ABSOLUTE), (None, Rule.AVAILABILITY)])
def test_a_dry_run_is_shown_and_tells_nobody(store: str, tmp_path: Path, bad: float | None, rule: Rule) -> None:
    """Pages and scrape have the finding, marked; there is no alert however long it is bad."""

    async def act(house: House) -> None:
        await house.measure(bad, times=5)
        level = "warning" if rule is Rule.ABSOLUTE else "critical"
        assert [(one.rule, one.level, one.dry_run) for one in house.watch.findings_of(SERIES)] == [(rule, level, True)]
        labels = f'{{level="{level}",rule="{rule}",series="{SERIES}"}}'
        assert house.metric(f"portalwatch_findings_dry_run{labels}") == 1
        assert house.metric(f"portalwatch_findings{labels}") == 0
        assert await house.states() == []
        await house.measure(0.01)
        assert house.watch.findings_of(SERIES) == []

    visit(store, tmp_path, act, thresholds=DRY_RUN)


def test_an_alert_from_before_the_dry_run_resolves(store: str, tmp_path: Path) -> None:
    """It would otherwise escalate for ever: the series is still bad, and says why nobody hears of it any more."""

    async def fire(house: House) -> None:
        await house.measure(0.9, times=3)
        assert await house.states() == [(Rule.ABSOLUTE, "firing")]

    async def dry(house: House) -> None:
        house.clock.advance(600)
        await house.measure(0.9, times=2)
        (record,) = await house.alerts.list_alerts()
        assert record.alert.state == "resolved"
        assert record.alert.summary.endswith("(dry run: no alert)")

    visit(store, tmp_path, fire)
    visit(store, tmp_path, dry, thresholds=DRY_RUN)


CONFLICTS = "information_items.update_conflicts"
COUNTED: dict[str, object] = {
    "targets": {"portal": {"kind": "http", "url": "http://127.0.0.1:1"}},
    "probes": {
        "items": {
            "kind": "scrape",
            "target": "portal",
            "category": "information_items",
            "series": {"update_conflicts": {"count": "item_update_conflicts_total"}},
        }
    },
    "thresholds": {CONFLICTS: {"bad_evaluations": 1, "good_evaluations": 1}},
}


def test_counts_add_up_over_their_hour(store: str, tmp_path: Path) -> None:
    """Five conflicts an hour are well and the sixth is not, though each run saw one; an hour later all is well."""

    async def act(house: House) -> None:
        await house.measure(1, times=5, series=CONFLICTS)
        assert await house.states() == []
        await house.measure(0, times=50, series=CONFLICTS)
        await house.measure(1, series=CONFLICTS)
        assert await house.states() == [(Rule.ABSOLUTE, "firing")]
        (finding,) = house.watch.findings_of(CONFLICTS)
        assert finding.value == 6
        assert finding.summary == f"{CONFLICTS} is 6, above its warning limit of 5 per hour"
        house.clock.advance(3600 - 30 * 52)
        await house.measure(0, series=CONFLICTS)
        assert await house.states() == [(Rule.ABSOLUTE, "resolved")]

    visit(store, tmp_path, act, **COUNTED)


def test_a_restart_forgets_no_count(store: str, tmp_path: Path) -> None:
    """What the hour before it counted is in the store; the values that are kept and shown stay those of the runs."""

    async def first(house: House) -> None:
        await house.measure(1, times=5, series=CONFLICTS)

    async def second(house: House) -> None:
        house.clock.advance(300)
        await house.measure(1, series=CONFLICTS)
        assert [one.value for one in house.watch.findings_of(CONFLICTS)] == [6]
        assert house.watch.latest[CONFLICTS].value == 1

    visit(store, tmp_path, first, **COUNTED)
    visit(store, tmp_path, second, **COUNTED)


def test_a_drift_opens_an_alert_at_once_and_its_end_resolves_it(store: str, tmp_path: Path) -> None:
    """The watching has made sure, so that nobody waits for three of it; a quarter of an hour below it is over."""

    async def act(house: House) -> None:
        await house.arm()
        await house.measure(0.010, times=20)
        assert await house.states() == []
        while house.drifted() is not Drift.DEGRADED:
            assert await house.states() == []
            await house.measure(0.030)
        assert await house.states() == [(Rule.BASELINE, "firing")]
        (finding,) = house.watch.findings_of(SERIES)
        assert finding.summary == f"{SERIES} has become 3 times slower than its reference (tolerance 1.25)"
        await house.pipeline.watch_drift()
        labels = f'{{series="{SERIES}"}}'
        assert house.metric(f"portalwatch_series_drift{labels}") == 2
        assert house.metric(f"portalwatch_series_to_reference_ratio{labels}") == pytest.approx(3, rel=0.1)
        await house.measure(0.010, times=45)
        await house.pipeline.watch_drift()
        assert await house.states() == [(Rule.BASELINE, "resolved")]
        assert house.watch.findings_of(SERIES) == []
        assert house.metric(f"portalwatch_series_drift{labels}") == 0

    visit(store, tmp_path, act)


def test_a_series_with_a_reference_is_not_accused_by_the_baseline(store: str, tmp_path: Path) -> None:
    """Compared it is, and shown; told is what is three times slower than its baseline where nothing else watches it."""

    async def act(house: House) -> None:
        await house.baselines.save(made("pre", 3))
        await house.measure(0.010, times=100)
        await house.pipeline.compare()
        assert await house.states() == [(Rule.BASELINE, "firing")]
        await house.arm()
        await house.measure(0.010, times=100)
        await house.pipeline.watch_drift()
        assert await house.states() == [(Rule.BASELINE, "resolved")]
        await house.pipeline.compare()
        assert house.watch.comparison is not None
        assert house.watch.comparison.series[0].verdict is Verdict.DEGRADED
        assert await house.states() == [(Rule.BASELINE, "resolved")]

    visit(store, tmp_path, act)


def test_a_stop_forgets_no_evidence(store: str, tmp_path: Path) -> None:
    """What was called since the last minute is written before the end, and the next service goes on from there."""

    async def first(house: House) -> None:
        await house.arm()
        await house.measure(0.030, times=14)
        await house.pipeline.remember_drift()
        assert house.drifted() is Drift.QUIET

    async def second(house: House) -> None:
        house.clock.advance(86_400)
        await house.pipeline.watch_drift()
        assert house.drifted() is Drift.QUIET
        await house.measure(0.030)
        assert house.drifted() is Drift.DEGRADED
        assert await house.states() == [(Rule.BASELINE, "firing")]

    visit(store, tmp_path, first)
    visit(store, tmp_path, second)


def test_without_the_store_the_watching_goes_on(reachable_directory: Path, tmp_path: Path) -> None:
    """What was armed stays so, a drift is found and shown, and a stop then is a stop."""
    directory = reachable_directory / "drifting"
    server = EmbeddedServer.start(directory, durable=False)
    try:
        server.create_database("portalwatch")
        dsn = server.dsn("portalwatch")
        asyncio.run(migrate(dsn))

        async def act(house: House) -> None:
            await house.arm()
            server.stop()
            await house.measure(0.030, times=60)
            await house.pipeline.watch_drift()
            assert house.watch.store_up is False
            assert [one.rule for one in house.watch.findings_of(SERIES)] == [Rule.BASELINE]
            assert house.metric(f'portalwatch_series_drift{{series="{SERIES}"}}') == 2
            await house.pipeline.remember_drift()

        visit(dsn, tmp_path, act)
    finally:
        server.stop()
