"""The dashboards on the running service: the demo's own parts under load, a real Prometheus, every fault in turn."""

import asyncio
import itertools
import math
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import yaml

from baselines import Baseline, Measurement, Outcome, SeriesRegistry, Spacing
from baselines.capture import CapturePlan
from baselines.postgres import PostgresBaselines, PostgresMeasurements
from baselines.postgres_ledger import PostgresLedger
from dashboards import Places, export
from monitor.approving import approve_baseline
from monitor.capturing import Capturing
from monitor.cli.progress import TerminalProgress
from monitor.clock import SystemClock
from monitor.comparing import Comparing, Figures
from monitor.configuration import Configuration, load_configuration
from monitor.database import migrate as migrate_store
from monitor.database import store_pool
from monitor.demo.deployment import migrate
from monitor.demo.faults import Fault, switch
from monitor.demo.led import Led
from monitor.demo.probes import DATABASE_TARGET
from monitor.demo.stage import Stage, stage
from monitor.event_loop import run
from monitor.inventory import inventory, runbook_url
from probes import PostgresTarget, ProbeSet, series_of
from tests.acceptance.running import Service, eventually, serving
from tests.dashboards.promtool import tool
from tests.dashboards.real_prometheus import Prometheus, asked, running_prometheus, unanswered

# One after the other: each takes a minute of both cores.
pytestmark = pytest.mark.xdist_group("demo")

# As often as a short test needs.
EVERY = "1s"
# What nothing in ten minutes of a demo can fill. All of it is asked of a full exposition in tests/dashboards.
EMPTY_FOR_A_REASON = {
    "portalwatch_series_until_limit_seconds": "creep is seen over weeks",
    "portalwatch_series_to_reference_ratio": "a reference is made of 2,500 calls",
    "portalwatch_series_drift": "a reference is made of 2,500 calls",
    "portalwatch_alertmanager_owns": "the demo gives nothing to Alertmanager",
    "portalwatch_alert_acknowledge_seconds": "nobody is on call",
    "portalwatch_alert_step_lateness_seconds": "no step falls due",
    "portalwatch_delivery_duration_seconds": "a channel that had nothing to deliver took no time for it",
    "portalwatch_scheduled_captures_total": "the demo has no schedule of captures",
    'status="started"': "no phase runs",
    "portalwatch_web_vital": "nobody visits the demo with a browser",
    "portalwatch_deployment_users_allowed": "no phase runs",
    "portalwatch_deployment_advice": "no gate was judged",
    'reason="fired"': "nothing fires while all is well",
}
# Of all probes together: about six seconds of them.
RUNS_UNDER_A_FAULT = 125
# Three sessions of twenty, which the last hour has to have before it is compared.
LIVE_SAMPLES = 70
# It burns both cores for three minutes, and here Prometheus needs one of them.
LEFT_OUT = {Fault.BUSY_HOST}


@dataclass(frozen=True, slots=True)
class Scene:
    """The demo's parts, the service on them, and the Prometheus that scrapes it."""

    stage: Stage
    service: Service
    prometheus: Prometheus
    exported: Path


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A migrated portal with people at work, a baseline that somebody approved, and the service watching."""
    tool("prometheus")
    directory: Path = tmp_path_factory.mktemp("demo")
    with ExitStack() as running:
        made = running.enter_context(stage(directory))
        made.configure("phase-2", migrated=True)
        run(_baseline(made))
        configuration = _hurried(made)
        places = Places(
            scrape_target=f"127.0.0.1:{made.service_port}",
            scrape_interval_seconds=1,
            runbook_url=runbook_url(configuration.settings),
        )
        exported = directory / "exported"
        export(exported, inventory(configuration), places)
        prometheus = running.enter_context(running_prometheus(exported))
        service = running.enter_context(
            serving(made.configuration_path, made.service_port, directory / "log", **dict(made.environment))
        )
        assert prometheus.wait_for("up == 1"), service.log.read_text(encoding="utf-8")
        yield Scene(made, service, prometheus, exported)


async def _baseline(made: Stage) -> None:
    """What `portalwatch baseline capture` and `approve` do, of the healthy portal."""
    await migrate_store(made.store_dsn)
    configuration = load_configuration(made.configuration_path, made.environment)
    settings, clock = configuration.settings, SystemClock()
    database = settings.targets[DATABASE_TARGET]
    assert isinstance(database, PostgresTarget)
    async with store_pool(made.store_dsn) as pool:
        # The deployment stays open: its gate waits, and the checks run by their schedule.
        led = Led(pool, settings.environment, database)
        await led.open("before")
        await migrate(made.portal_dsn, faults=frozenset(), progress=lambda *_: None)
        await led.follow(made.portal_dsn)
    async with (
        store_pool(made.store_dsn) as pool,
        ProbeSet(settings.probes, settings.targets, clock) as probes,
    ):
        store, ledger = PostgresBaselines(pool), PostgresLedger(pool)
        capturing = Capturing(configuration, probes, ledger, clock, TerminalProgress())
        plan = CapturePlan(sessions=3, samples=20, spacing=Spacing.BURST)
        before = await capturing.capture("before", plan)
        await store.save(before)
        await _measured_before(PostgresMeasurements(pool), before, clock.now())
        comparing = Comparing(
            figures=Figures.load(configuration, series_of(settings.probes)), store=store, ledger=ledger
        )
        await approve_baseline(comparing, "before", by="the test", clock=clock, lifetime=None, force=None)


async def _measured_before(measurements: PostgresMeasurements, captured: Baseline, now: datetime) -> None:
    """What a service that ran the minutes before would have left: enough runs to compare, however busy the machine."""
    await measurements.register(SeriesRegistry(captured.series.values()))
    started = now - timedelta(minutes=10)
    for name in captured.series:
        answered = [
            float(value)
            for session in captured.sessions
            for value in session.samples[name].values
            if not math.isnan(value)
        ]
        again = itertools.islice(itertools.cycle(answered), LIVE_SAMPLES)
        at = [started + timedelta(seconds=number) for number in range(LIVE_SAMPLES)]
        await measurements.append(
            [
                Measurement(series=name, intended_at=one, started_at=one, outcome=Outcome.OK, value=value)
                for one, value in zip(at, again, strict=True)
            ]
        )


def _hurried(made: Stage) -> Configuration:
    document = yaml.safe_load(made.configuration_path.read_text(encoding="utf-8"))
    for probe in document["probes"].values():
        probe["every"] = EVERY
        probe.pop("timeout", None)
        for reading in probe.get("series", {}).values():
            # Between two scrapes a second apart a portal that is slow answers fewer requests than a minute's least.
            if isinstance(reading, dict) and "minimum" in reading:
                reading["minimum"] = 1
    document["evaluation"] = {"compare_every": "3s"}
    made.configuration_path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return load_configuration(made.configuration_path, made.environment)


def _missing(scene: Scene, patience: float) -> list[str]:
    questions = [one for one in asked(scene.exported) if not any(name in one.expr for name in EMPTY_FOR_A_REASON)]
    return unanswered(scene.prometheus, questions, patience)


def _runs(scene: Scene) -> float:
    """How many there have been, as Prometheus has it."""
    # A scrape that a busy machine missed leaves a gap of a second.
    (found,) = scene.prometheus.wait_for("sum(portalwatch_probe_runs_total)")
    return float(found["value"][1])


def test_every_query_finds_points_while_all_is_well(scene: Scene) -> None:
    """Of panels, annotations and variables, but for those that a demo can't fill, each with its reason."""
    questions = asked(scene.exported)
    left_out = [one for one in questions if any(name in one.expr for name in EMPTY_FOR_A_REASON)]
    assert len(questions) - len(left_out) > 80
    # The checks are due a minute after the service began, and run one after the other.
    assert _missing(scene, 400) == []


@pytest.mark.parametrize("fault", [one for one in Fault if one not in LEFT_OUT])
def test_every_query_finds_points_under_each_fault(scene: Scene, fault: Fault) -> None:
    """A portal that is slow, broken or gone leaves no panel empty: it is then that somebody looks."""
    asyncio.run(switch(scene.stage.portal_dsn, fault, True))
    try:
        before = _runs(scene)
        eventually(lambda: _runs(scene) > before + RUNS_UNDER_A_FAULT, "the probes run on")
        assert _missing(scene, 150) == []
    finally:
        asyncio.run(switch(scene.stage.portal_dsn, fault, False))


def test_a_fault_is_seen_where_the_overview_shows_it(scene: Scene) -> None:
    """A failing endpoint: a critical finding, failed runs with their reason, an alert that fired and was delivered."""
    asyncio.run(switch(scene.stage.portal_dsn, Fault.FAILING_ENDPOINT, True))
    try:
        for expr, says in (
            ('job_series_rule_level:portalwatch_findings:max{rule="availability", level="critical"} > 0', "a finding"),
            (
                'sum by (reason) (increase(portalwatch_probe_runs_total{outcome!="ok", reason="status"}[5m])) > 0',
                "runs",
            ),
            ('sum(portalwatch_alerts{state="firing"}) > 0', "an alert"),
            ('sum(increase(portalwatch_alert_changes_total{reason="fired"}[5m])) > 0', "the mark of an alert"),
            ('sum(increase(portalwatch_deliveries_total{outcome="delivered"}[5m])) > 0', "a delivery"),
            ("sum(rate(portalwatch_delivery_duration_seconds_count[5m])) > 0", "how long it took"),
        ):
            assert scene.prometheus.wait_for(expr), says
    finally:
        asyncio.run(switch(scene.stage.portal_dsn, Fault.FAILING_ENDPOINT, False))


def test_no_rule_pages_for_what_the_service_delivers(scene: Scene) -> None:
    """The demo delivers itself: of its series Prometheus has no alert, pending or firing, whatever was broken."""
    alerts = scene.prometheus.get("alerts")["alerts"]
    assert [one["labels"]["alertname"] for one in alerts if "series" in one["labels"]] == []
    rules = [rule for group in scene.prometheus.get("rules")["groups"] for rule in group["rules"]]
    assert [rule["name"] for rule in rules if rule.get("lastError")] == []
