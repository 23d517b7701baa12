"""The service's pages as a browser gets them: the real application on a real store, with a scene played into it."""

import asyncio
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import uvicorn
import yaml

from baselines import (
    Baseline,
    CaptureConditions,
    CaptureSession,
    LedgerEntry,
    Measurement,
    Outcome,
    PlanShape,
    Reason,
    Samples,
    Section,
    Series,
    Spacing,
)
from baselines.baseline import Approval
from baselines.evidence import Evidence
from baselines.ledger import plan_entry, release_entry
from baselines.postgres import PostgresBaselines, PostgresMeasurements
from baselines.postgres_drift import PostgresDrift
from baselines.postgres_history import PostgresHistory
from baselines.postgres_ledger import PostgresLedger
from baselines.postgres_snapshots import PostgresSnapshots
from baselines.reference import freeze
from baselines.vital import Visited, Vital
from monitor.access import AccessTokens, Right
from monitor.acknowledging import IncidentAnswers
from monitor.alerting import alert_policy, open_alerts
from monitor.checks.postgres import PostgresCheckRuns
from monitor.comparing import Comparing, Figures, compare_live, live_capture
from monitor.configuration import Configuration, load_configuration
from monitor.database import store_pool
from monitor.deployment.evaluated import LastEvaluated
from monitor.deployment.postgres import PostgresDeployments
from monitor.drift import DriftWatch
from monitor.drifting import Drifting
from monitor.exporter import Exporter
from monitor.ingest.intake import Intake
from monitor.link import Heartbeat
from monitor.releases import Releases
from monitor.spool import Spool
from monitor.tracking.postgres import PostgresErrors
from monitor.tracking.tracker import ErrorTracker
from monitor.visits.beacon import Visit
from monitor.visits.postgres import Arrived, PostgresVisits
from monitor.visits.watch import Visits
from monitor.vitals import ProcessFigures, Pulse, Vitals
from monitor.watch import Watch
from monitor.web.app import create_app
from monitor.web.pages import add_pages
from monitor.web.rights import Gate
from monitor.web.site import Site
from probes import series_of
from tests.alerts.house import PlainBriefer
from tests.clocks import ManualClock
from tests.monitor.checks.made import week
from tests.monitor.tracking.made import send_errors
from tests.pages.scenes import DEPLOYED, NOW, Line, Scene
from thresholds import Finding, baseline_findings, evaluate

PLAN_BEFORE = PlanShape(
    (
        "GroupAggregate",
        "  Index Scan on portfolio_valuations using valuations_by_date (Index Cond: valuation_date >= $1)",
    )
)
PLAN_AFTER = PlanShape(
    ("GroupAggregate", "  Sort", "    Seq Scan on portfolio_valuations (Filter: valuation_date >= $1)")
)
_WEB_PHASES = {"resolve": 0.01, "connect": 0.03, "send": 0.01, "first_byte": 0.8, "body": 0.15}
_CONDITIONS = CaptureConditions(
    spacing=Spacing.SPREAD,
    connection_mode="kept alive",
    host_load=0.31,
    release="v41",
    configuration_hash="5f2a9c",
    rule_version="2",
    prober_version="0.1.0",
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A running service with a scene in it. `token` is an operator's, empty where none is needed."""

    url: str
    site: Site
    token: str


@contextmanager
def shown(
    scene: Scene,
    store: str,
    directory: Path,
    *,
    operators_need_token: bool = False,
    listener: socket.socket | None = None,
) -> Iterator[Shown]:
    """Serve the scene on loopback until the end of the block, from a thread of its own."""
    ready, stop = threading.Event(), threading.Event()
    made: list[Shown | BaseException] = []

    def run() -> None:
        try:
            asyncio.run(_serve(scene, store, directory, operators_need_token, listener, made, ready, stop))
        except BaseException as error:
            made.insert(0, error)
            ready.set()
            raise

    thread = threading.Thread(target=run, name="shown", daemon=True)
    thread.start()
    ready.wait(300)
    if not made or isinstance(made[0], BaseException):
        raise AssertionError("the scene could not be served") from (made[0] if made else None)  # type: ignore[misc]
    try:
        yield made[0]
    finally:
        stop.set()
        thread.join(30)


async def _serve(
    scene: Scene,
    store: str,
    directory: Path,
    operators_need_token: bool,
    listener: socket.socket | None,
    made: list[Shown | BaseException],
    ready: threading.Event,
    stop: threading.Event,
) -> None:
    async with store_pool(store) as pool:
        house = await play(scene, pool, store, directory)
        tokens = AccessTokens(pool)
        token = await tokens.create("ann", Right.OPERATOR, NOW) if operators_need_token else ""
        gate = Gate(tokens, house.clock, operators_need_token=operators_need_token)
        app = create_app(
            settings=house.configuration.settings,
            watch=house.watch,
            alerts=house.alerts,
            policy=alert_policy(house.configuration.settings, house.figures, house.figures.series),
            answers=IncidentAnswers(house.alerts, {}, httpx.AsyncClient(), house.clock),
            ledger=house.ledger,
            snapshots=PostgresSnapshots(pool),
            deployments=house.deployments,
            evaluated=house.evaluated,
            checks=house.checks,
            intake=Intake(house.configuration.settings.ingest, tokens, house.exporter, house.clock),
            errors=house.errors,
            exporter=house.exporter,
            gate=gate,
            clock=house.clock,
        )
        site = house.site(gate)
        add_pages(app, site)
        taken = listener or socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        serving = asyncio.create_task(server.serve([taken]))
        while not server.started:  # noqa: ASYNC110 - it has no event to wait for
            await asyncio.sleep(0.01)
        made.append(Shown(f"http://127.0.0.1:{taken.getsockname()[1]}", site, token))
        ready.set()
        await asyncio.to_thread(stop.wait)
        server.should_exit = True
        await serving


@dataclass(frozen=True, slots=True, kw_only=True)
class _House:
    configuration: Configuration
    figures: Figures
    watch: Watch
    vitals: Vitals
    alerts: Any
    ledger: PostgresLedger
    history: PostgresHistory
    measurements: PostgresMeasurements
    baselines: PostgresBaselines
    comparing: Comparing
    drifting: Drifting
    releases: Releases
    deployments: PostgresDeployments
    evaluated: LastEvaluated
    checks: PostgresCheckRuns
    visits: Visits
    errors: ErrorTracker
    exporter: Exporter
    clock: ManualClock

    def site(self, gate: Gate) -> Site:
        parts = {name: getattr(self, name) for name in Site.__dataclass_fields__ if name not in ("gate", "instance")}
        return Site(**parts, gate=gate, instance="watch-1")


async def play(scene: Scene, pool: Any, store: str, directory: Path) -> _House:
    """Fill the store and the watch with what the scene has measured up to NOW."""
    configuration = load_configuration(_configuration(scene, store, directory), {})
    series = series_of(configuration.settings.probes)
    figures, clock = Figures.load(configuration, series), ManualClock(NOW)
    exporter = Exporter(series, version="0")
    watch = Watch(series, NOW - timedelta(days=3, hours=2))
    ledger, measurements, baselines = PostgresLedger(pool), PostgresMeasurements(pool), PostgresBaselines(pool)
    comparing = Comparing(figures=figures, store=baselines, ledger=ledger)
    releases = Releases(pool)
    vitals = Vitals(pool, Spool(directory / "spool" / "measurements.jsonl"), watch, clock)
    house = _House(
        configuration=configuration,
        figures=figures,
        watch=watch,
        vitals=vitals,
        alerts=open_alerts(
            pool,
            configuration.settings,
            figures,
            series,
            channels={},
            client=httpx.AsyncClient(),
            briefer=PlainBriefer(),
            clock=clock,
            observer=exporter,
            instance="watch-1",
        ),
        ledger=ledger,
        history=PostgresHistory(pool),
        measurements=measurements,
        baselines=baselines,
        comparing=comparing,
        drifting=Drifting(figures, pool),
        releases=releases,
        deployments=PostgresDeployments(pool, "production"),
        evaluated=LastEvaluated(),
        checks=PostgresCheckRuns(pool),
        visits=Visits(PostgresVisits(pool, "production"), figures, exporter, _nobody, timedelta(days=400), clock),
        errors=ErrorTracker(configuration.settings, PostgresErrors(pool, "production"), exporter, clock),
        exporter=exporter,
        clock=clock,
    )
    await measurements.register(series)
    await releases.first_seen("production", "v41", NOW - timedelta(days=40))
    await releases.first_seen("production", "v42", DEPLOYED)
    watch.heartbeat, watch.heartbeat_at = Heartbeat(0, 0), NOW - timedelta(seconds=2)
    watch.store_up = scene.store_up
    if scene.measured:
        await _measure(scene, house, pool)
        await _compare(scene, house, pool)
        for one in week(NOW):
            await house.checks.append("production", "v42", one)
        await send_errors(house.errors.store, NOW)
        _beat(vitals)
        await _visit(pool)
    if scene.deployment is not None:
        await scene.deployment(house.deployments, NOW)
    return house


async def _nobody(findings: Sequence[Finding]) -> None:
    """Pages tell nobody."""


async def _visit(pool: Any) -> None:
    """Visits of four routes before the deployment and since: one got slower, and one has few."""
    generator = np.random.default_rng(11)
    arrived = []
    routes = (("/", 0.9, 1.0), ("/clients/:id", 1.6, 3.4), ("/analytics/portfolio_summary", 2.2, 1.0))
    for at, slower in ((DEPLOYED - timedelta(hours=9), False), (DEPLOYED + timedelta(hours=2), True)):
        for route, seconds, factor in routes:
            for device, count in (("desktop", 180), ("mobile", 70)):
                usual = seconds * (factor if slower else 1.0) * (1.5 if device == "mobile" else 1.0)
                values = {
                    Vital.LARGEST_CONTENTFUL_PAINT: usual * np.exp(generator.normal(0, 0.4, count)),
                    Vital.INTERACTION_TO_NEXT_PAINT: 0.1 * usual * np.exp(generator.normal(0, 0.5, count)),
                    Vital.CUMULATIVE_LAYOUT_SHIFT: 0.04 * np.exp(generator.normal(0, 0.9, count)),
                }
                for number in range(count):
                    bins = {v: v.bin_of(min(float(some[number]), v.largest)) for v, some in values.items()}
                    arrived.append(Arrived(at, Visit(Visited(route, device), bins)))
    arrived.append(Arrived(NOW, Visit(Visited("/reports/:id", "tablet"), {Vital.TIME_TO_FIRST_BYTE: 90})))
    await PostgresVisits(pool, "production").append(arrived)


async def _measure(scene: Scene, house: _House, pool: Any) -> None:
    step = timedelta(days=1)
    moment = NOW - scene.history - step
    while moment <= NOW + step:
        await pool.execute("SELECT ensure_sample_partitions($1)", moment)
        moment += step
    for number, line in enumerate(scene.lines):
        calls = _calls(line, scene, number)
        await house.measurements.append(calls)
        _see(house, calls)
    await house.measurements.compact(NOW)
    await pool.execute("ANALYZE")
    for at, settings in ((DEPLOYED - timedelta(days=9), "4MB"), (DEPLOYED + timedelta(minutes=1), "64MB")):
        entry = LedgerEntry(
            source="portal_database", section=Section.SETTINGS, at=at, facts={"setting work_mem": settings}
        )
        await house.ledger.append("production", entry)
    index = "index valuations_by_date on portfolio_valuations"
    facts = {"index client_groups_pkey on client_groups": "btree (id)", index: "btree (valuation_date)"}
    for at, kept in ((DEPLOYED - timedelta(days=9), facts), (DEPLOYED + timedelta(minutes=2), {**facts})):
        if at > DEPLOYED:
            kept.pop(index)
            kept["index owners_by_product on product_owners"] = "btree (product_id)"
        await house.ledger.append(
            "production", LedgerEntry(source="portal_database", section=Section.INDEXES, at=at, facts=kept)
        )
    for at, release in ((DEPLOYED - timedelta(days=40), "v41"), (DEPLOYED, "v42")):
        await house.ledger.append("production", release_entry(release, at))


def _see(house: _House, calls: list[Measurement]) -> None:
    series = house.watch.series[calls[-1].series]
    for one in calls[-3:]:
        house.watch.saw(one)
        limits = house.figures.matrix.limits_of(series)
        house.watch.judged(evaluate(series, limits, one, house.figures.routing))


async def _compare(scene: Scene, house: _House, pool: Any) -> None:
    """A baseline of last week, references of the days before the deployment, and the last hour against both."""
    registry = house.watch.series
    for name, at, release in (
        ("before-v41", DEPLOYED - timedelta(days=45), "v40"),
        ("before-v42", DEPLOYED - timedelta(days=6), "v41"),
        ("after-v42", DEPLOYED + timedelta(hours=1), "v42"),
    ):
        await house.baselines.save(captured(scene, name, at, release))
    await house.baselines.approve("before-v42", Approval(by="ann", at=DEPLOYED - timedelta(days=6, hours=-1)))
    slow = next((one for one in scene.lines if one.sql and one.factor > 2), None)
    for line in (one for one in scene.lines if one.sql):
        name = _name(line)
        for at, plan in ((DEPLOYED - timedelta(days=20), PLAN_BEFORE), (DEPLOYED + timedelta(minutes=7), PLAN_AFTER)):
            if at < DEPLOYED or line is slow:
                await house.ledger.append("production", plan_entry(name, plan.nodes, at))
    baseline = await house.baselines.load("before-v42")
    live = await live_capture(house.measurements, house.ledger, registry, house.configuration, NOW)
    if live is not None:
        house.watch.comparison = await compare_live(house.comparing, baseline, live, NOW)
        findings = baseline_findings(house.watch.comparison, house.figures.routing, NOW)
        house.watch.judged(findings)
    await house.alerts.record(list(house.watch.findings.values()))
    drift = PostgresDrift(pool)
    watch = DriftWatch(drift, house.measurements, registry, house.figures, "v42", lambda _: None)
    if scene.history > timedelta(days=3):
        for name in registry:
            calls = (await house.measurements.since([name], NOW - scene.history, DEPLOYED))[name]
            healthy = [one for one in calls if one.outcome is Outcome.OK]
            frozen = freeze(healthy, release="v41", reason="the first one of the series")
            if frozen is not None:
                await drift.freeze(name, frozen)
        await watch.keep(NOW)
        measured = await house.measurements.since(list(registry), NOW - timedelta(hours=7))
        watch.take([one for calls in measured.values() for one in calls], NOW)
        await watch.remember()


def captured(scene: Scene, name: str, at: datetime, release: str) -> Baseline:
    """A baseline of five sessions of every series of the scene, as it was before or after the deployment."""
    generator = np.random.default_rng(3)
    sessions = []
    series = {one: Series(one, cadence_seconds=scene.cadence_seconds) for one in map(_name, scene.lines)}
    for number in range(1, 6):
        samples, plans, evidence = {}, {}, {}
        for line in scene.lines:
            key = _name(line)
            values = line.seconds * np.exp(generator.normal(0, 0.12, 20) + generator.normal(0, 0.02))
            if at > DEPLOYED:
                values *= line.factor
                values[generator.random(20) < line.failing] = np.nan
            samples[key] = Samples(values, np.zeros(20, dtype=np.bool_))
            if line.sql:
                plans[key] = PLAN_AFTER if at > DEPLOYED and line.factor > 2 else PLAN_BEFORE
            else:
                evidence[key] = Evidence(phases={phase: share * line.seconds for phase, share in _WEB_PHASES.items()})
        begun = at + timedelta(minutes=6 * number)
        sessions.append(
            CaptureSession(
                number=number,
                started_at=begun,
                finished_at=begun + timedelta(minutes=1),
                conditions=_CONDITIONS,
                samples=samples,
                cold={},
                plans=plans,
                evidence=evidence,
            )
        )
    return Baseline(
        name=name, environment="production", release=release, captured_by="ann", series=series, sessions=sessions
    )


def _calls(line: Line, scene: Scene, seed: int) -> list[Measurement]:
    generator = np.random.default_rng(seed)
    count = int(scene.history.total_seconds() / scene.cadence_seconds)
    starts = [NOW - timedelta(seconds=scene.cadence_seconds * (count - number) - seed % 50) for number in range(count)]
    hours = np.array([one.hour + one.minute / 60 for one in starts])
    busy = 1 + 0.08 * np.clip(np.sin((hours - 7) / 12 * np.pi), 0, None)
    values = line.seconds * busy * np.exp(generator.normal(0, 0.13, count))
    values *= np.where(generator.random(count) < 0.02, 2.2, 1.0)
    since = np.array([one >= DEPLOYED for one in starts])
    values[since] *= line.factor
    fails = since & (generator.random(count) < line.failing)
    if line.failing == 1.0:
        fails[-3:] = True
    return [
        _call(line, at, None if failed else float(value))
        for at, value, failed in zip(starts, values, fails, strict=True)
    ]


def _call(line: Line, at: datetime, value: float | None) -> Measurement:
    phases = {} if line.sql or value is None else {name: share * value for name, share in _WEB_PHASES.items()}
    waited = value is None and not line.sql and at.minute % 3 == 0
    return Measurement(
        series=_name(line),
        intended_at=at,
        started_at=at,
        outcome=Outcome.TIMEOUT if waited else Outcome.ERROR if value is None else Outcome.OK,
        value=30.0 if waited else value,
        reason=Reason.READ_TIMEOUT if waited else (_reason(line) if value is None else None),
        phases=phases,
        correlation_id=f"pw-{at:%H%M%S}-4f1c",
    )


def _name(line: Line) -> str:
    return f"{line.category}.{line.probe}"


def _reason(line: Line) -> Reason:
    return Reason.STATEMENT_TIMEOUT if line.sql else Reason.STATUS


def _beat(vitals: Vitals) -> None:
    generator = np.random.default_rng(5)
    for number in range(600):
        grown = 1 + number / 6000
        vitals.pulses.append(
            Pulse(
                at=NOW - timedelta(seconds=30 * (599 - number)),
                store_seconds=None if 200 < number < 206 else float(0.0009 * np.exp(generator.normal(0, 0.3))),
                heartbeat_seconds=float(generator.uniform(0, 5)),
                spool_bytes=max(0.0, 220_000.0 - abs(number - 206) * 40_000) if 200 < number < 212 else 0.0,
                processes={
                    "serving": ProcessFigures(118e6 * grown, float(generator.uniform(0.01, 0.05))),
                    "probing": ProcessFigures(74e6, float(generator.uniform(0.02, 0.07))),
                    "supervisor": ProcessFigures(61e6, 0.001),
                },
            )
        )


def _configuration(scene: Scene, store: str, directory: Path) -> Path:
    path = directory / "portalwatch.yml"
    document: Mapping[str, Any] = {
        "environment": "production",
        "release": "v42",
        "store": {"url": store, "directory": str(directory)},
        "ingest": {"origins": ["https://portal.example"]},
        "links": {"logs": "https://logs.example/?q={correlation_id}&from={from}&to={to}"},
        "targets": {
            "portal": {"kind": "http", "url": "http://127.0.0.1:1"},
            "portal_database": {"kind": "postgresql", "url": "postgresql://nobody@127.0.0.1:1/none"},
        },
        "probes": {
            one.probe: {
                "kind": "sql" if one.sql else "http",
                "category": one.category,
                "target": one.target,
                "every": scene.cadence_seconds,
                **({"query": "SELECT 1"} if one.sql else {"path": "/"}),
            }
            for one in scene.lines
        },
    }
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return path
