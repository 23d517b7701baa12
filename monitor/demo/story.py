"""The demo, step by step: the product does its job on real parts while somebody watches."""

import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from signal import SIGKILL

import httpx
from rich.console import Console

from alerts import Transition
from alerts.postgres import PostgresAlerts
from baselines import Baseline, Spacing
from baselines.capture import CapturePlan
from baselines.postgres import PostgresBaselines
from baselines.postgres_ledger import PostgresLedger
from baselines.postgres_workload import PostgresWorkload
from dashboards import Places, export, render_html, render_json, render_table
from monitor.alerting import comparison_policy
from monitor.capturing import Capturing, FurtherSessions, Progress
from monitor.clock import SystemClock
from monitor.comparing import Comparing, Figures
from monitor.configuration import Configuration, load_configuration
from monitor.database import migrate as migrate_store
from monitor.database import store_pool
from monitor.demo.deployment import PHASES, migrate
from monitor.demo.faults import Fault
from monitor.demo.led import Led
from monitor.demo.probes import DATABASE_TARGET
from monitor.demo.stage import Stage, ended, stage, wait_for
from monitor.errors import CannotRunError, ExitCode
from monitor.event_loop import run
from monitor.inventory import inventory, runbook_url
from monitor.lifetime import die_with_parent
from monitor.workload import Workloads
from probes import PostgresTarget, ProbeSet, series_of
from thresholds import Assessment

# Minutes would bore: sessions follow each other at once, which the verdict's wider prior knows.
_PLAN = CapturePlan(sessions=5, samples=20, spacing=Spacing.BURST)
_DELIVERY_SECONDS = 30.0
_FIRST_PROBE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Judged:
    """What came out of the deployment."""

    assessment: Assessment
    before: Baseline
    after: Baseline
    to_be_delivered: int


def tell(faults: frozenset[Fault], directory: Path, *, once: bool, console: Console, progress: Progress) -> ExitCode:
    """Run the demo; 1 where a fault was found, else 0. Raises CannotRunError."""
    teller = _Teller(console)
    teller.step("Starting PostgreSQL, the demo portal with its data, and a sink for alerts")
    with stage(directory) as scene:
        teller.note(f"portal {scene.portal_url}, sink http://127.0.0.1:{scene.sink.port}")
        judged = run(_deployment(scene, faults, teller, progress))
        console.print()
        console.print(render_table(judged.assessment, console.width if console.is_terminal else None), soft_wrap=True)
        teller.step("Starting the service: it delivers what is due and answers Prometheus")
        with _service(scene):
            _deliver(scene, judged, teller)
            _scrape(scene, teller)
            _write(scene, judged, teller)
            if not once:
                _stay(scene, teller)
    return ExitCode.FINDING if judged.assessment.has_finding else ExitCode.WELL


@dataclass(slots=True)
class _Teller:
    console: Console
    number: int = 0

    def step(self, text: str) -> None:
        self.number += 1
        self.console.print(f"\n[bold]{self.number}. {text}[/bold]", soft_wrap=True, highlight=False)

    def note(self, text: str) -> None:
        self.console.print(f"   {text}", soft_wrap=True, highlight=False, markup=False)


async def _deployment(scene: Stage, faults: frozenset[Fault], teller: _Teller, progress: Progress) -> Judged:
    """Baseline, migration, capture, verdict, alert: everything but the delivery."""
    await migrate_store(scene.store_dsn)
    async with store_pool(scene.store_dsn) as pool:
        store, ledger, workload = PostgresBaselines(pool), PostgresLedger(pool), PostgresWorkload(pool)

        scene.configure("phase-1", migrated=False)
        configuration = _load(scene)
        teller.step(f"Capturing the baseline: {_PLAN.sessions} sessions × {_PLAN.samples} samples of each series")
        async with _probes(configuration) as probes:
            capturing = Capturing(configuration, probes, ledger, SystemClock(), progress, workload)
            before = await capturing.capture("before", _PLAN)
            await _show_host(probes, teller)
        await store.save(before)
        teller.note(f"{len(before.series)} series kept as baseline 'before'")

        planted = ", ".join(sorted(faults)) or "none"
        teller.step(f"Deploying: the phase-2 migration, phases 1 to {max(PHASES)} (fault left behind: {planted})")
        led = Led(pool, configuration.settings.environment, _watched_database(configuration))
        await led.open(before.name)
        await migrate(scene.portal_dsn, faults=faults, progress=lambda phase, text: teller.note(f"{phase}: {text}"))
        await led.follow(scene.portal_dsn)

        scene.configure("phase-2", migrated=True)
        configuration = _load(scene)
        teller.step("Capturing again, and comparing")
        series = series_of(configuration.settings.probes)
        figures = Figures.load(configuration, series)
        workloads = Workloads.of(workload, configuration.settings.probes)
        comparing = Comparing(figures=figures, store=store, ledger=ledger, workloads=workloads)
        async with _probes(configuration) as probes:
            capturing = Capturing(configuration, probes, ledger, SystemClock(), progress, workload)
            after = await capturing.capture("after", _PLAN)
            await store.save(after)

            def announce(_: Baseline, names: Collection[str], sessions: int) -> None:
                teller.note(f"suspected, so {sessions} further sessions of: {', '.join(sorted(names))}")

            further = FurtherSessions(capturing, store, announce=announce, keep=partial(store.save, extends="after"))
            comparison, materials = await comparing.judge_surely(before, after, further)
        assessment = comparing.assess(comparison, SystemClock().now())
        teller.note(f"the gate after phase {max(PHASES)} is {await led.judge(assessment, after.name)}")
        alerts = PostgresAlerts(pool, comparison_policy(configuration.settings, figures))
        transitions = await alerts.record(assessment.findings, SystemClock().now())
        return Judged(assessment, before, materials.after, _count(transitions))


def _load(scene: Stage) -> Configuration:
    return load_configuration(scene.configuration_path, scene.environment)


def _watched_database(configuration: Configuration) -> PostgresTarget:
    target = configuration.settings.targets[DATABASE_TARGET]
    assert isinstance(target, PostgresTarget)
    return target


def _probes(configuration: Configuration) -> ProbeSet:
    return ProbeSet(configuration.settings.probes, configuration.settings.targets, SystemClock())


async def _show_host(probes: ProbeSet, teller: _Teller) -> None:
    """The host's figures are shown and not judged: a laptop is busy with other things."""
    measurements = await probes.run("host", SystemClock().now())
    figures = [f"{one.series.partition('.')[2]} {one.value:.0%}" for one in measurements if one.value is not None]
    teller.note(f"host: {', '.join(figures)}")


def _count(transitions: list[Transition]) -> int:
    """How many messages that makes: what has one cause is one message a channel."""
    return len({(told.channel, told.group) for one in transitions for told in one.notifications})


@contextmanager
def _service(scene: Stage) -> Iterator[None]:
    """`portalwatch serve`, as anybody would start it."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "monitor", "serve", "--config", scene.configuration_path],
        env=dict(scene.environment),
        stdout=sys.stderr.fileno(),  # its log; what the demo tells goes to standard output
        process_group=0,
        preexec_fn=die_with_parent(SIGKILL),  # noqa: PLW1509 - a bare system call
    )
    with ended(process):
        wait_for(f"{scene.service_url}/health", process, "the service")
        yield


def _deliver(scene: Stage, judged: Judged, teller: _Teller) -> None:
    if not judged.to_be_delivered:
        teller.note("no alert: there is nothing anybody must be told")
        return
    if not scene.sink.wait(judged.to_be_delivered, _DELIVERY_SECONDS):
        raise CannotRunError(f"only {len(scene.sink.delivered)} of {judged.to_be_delivered} messages arrived")
    for one in scene.sink.delivered:
        teller.note(f"delivered to {one.channel}: {one.title}")
    for line in scene.sink.delivered[0].message.splitlines():
        teller.note(f"  │ {line}")


def _scrape(scene: Stage, teller: _Teller) -> None:
    """Scrape until the first probe has been counted, and show that."""
    deadline = time.monotonic() + _FIRST_PROBE_SECONDS
    while True:
        text = httpx.get(f"{scene.service_url}/metrics").text
        lines = [line for line in text.splitlines() if line.startswith("portalwatch_probe_duration_seconds_count")]
        if lines or time.monotonic() > deadline:
            break
        time.sleep(0.2)
    (scene.directory / "metrics.txt").write_text(text, encoding="utf-8")
    teller.note(f"{scene.service_url}/metrics answers with {len(text.splitlines())} lines, such as:")
    for line in lines[:2]:
        teller.note(f"  │ {line}")


def _write(scene: Stage, judged: Judged, teller: _Teller) -> None:
    teller.step("Writing what remains")
    report = scene.directory / "report.html"
    report.write_text(render_html(judged.assessment, before=judged.before, after=judged.after), encoding="utf-8")
    (scene.directory / "report.json").write_text(render_json(judged.assessment), encoding="utf-8")
    configuration = _load(scene)
    places = Places(scrape_target=f"127.0.0.1:{scene.service_port}", runbook_url=runbook_url(configuration.settings))
    files = export(scene.directory / "grafana", inventory(configuration), places)
    teller.note(f"report: {report}")
    teller.note(f"dashboards and rules: {scene.directory / 'grafana'} ({len(files)} files)")
    teller.note(f"configuration: {scene.configuration_path}")


def _stay(scene: Stage, teller: _Teller) -> None:
    teller.step(f"The service stays up at {scene.service_url} until Ctrl-C")
    try:
        while True:
            time.sleep(1)
    except KeyboardInterrupt:
        teller.note("stopping")
