"""The process that serves: store, evaluation, alerts, HTTP. `python -m monitor.service`, started by the supervisor."""

import argparse
import asyncio
import os
import signal
import socket
import sys
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from pathlib import Path

import httpx
import structlog
import uvicorn

from alerts.postgres import PostgresAlerts
from alerts.postgres_findings import PostgresFindings
from baselines import BaselineError, Clock, Measurement
from baselines.ledger import release_entry
from baselines.postgres import PostgresBaselines, PostgresMeasurements
from baselines.postgres_drift import PostgresDrift
from baselines.postgres_history import PostgresHistory
from baselines.postgres_inspections import PostgresInspections
from baselines.postgres_ledger import PostgresLedger
from baselines.postgres_snapshots import PostgresSnapshots
from baselines.postgres_workload import PostgresWorkload
from monitor.access import AccessTokens
from monitor.acknowledging import IncidentAnswers
from monitor.alerting import alert_policy, configured_channels, handed_over, open_alerts
from monitor.briefing import ServiceBriefer
from monitor.checks.postgres import PostgresCheckRuns
from monitor.chronicle import Chronicle
from monitor.clock import SystemClock
from monitor.comparing import Comparing, Figures
from monitor.configuration import Configuration, load_configuration
from monitor.creep import Creep, CreepWatch
from monitor.database import store_pool
from monitor.deployment.companion import EVERY_SECONDS as COMPANION_SECONDS
from monitor.deployment.companion import Companion
from monitor.deployment.evaluated import LastEvaluated
from monitor.deployment.postgres import PostgresDeployments
from monitor.deployment.status_updates import StatusUpdates
from monitor.deployment.watching import Watching
from monitor.drift import DriftWatch
from monitor.drifting import Drifting
from monitor.errors import CannotRunError, ConfigurationError, MonitorError
from monitor.event_loop import run
from monitor.exporter import Exporter
from monitor.ingest.intake import Intake
from monitor.link import Heartbeat, MoreCalls, TakeSnapshot, ask, read_link
from monitor.logs import configure_logs
from monitor.pipeline import Pipeline
from monitor.releases import Releases
from monitor.scheduled_captures import ScheduledCaptures
from monitor.scheduled_checks import ScheduledChecks
from monitor.settings import StoreSettings
from monitor.silence import PROBING
from monitor.spool import Spool
from monitor.store import STORE_VARIABLE, data_directory
from monitor.tracking.postgres import PostgresErrors
from monitor.tracking.tracker import ErrorTracker
from monitor.usage import Usage
from monitor.visits.postgres import PostgresVisits
from monitor.visits.watch import Visits
from monitor.vitals import EVERY_SECONDS, Vitals
from monitor.watch import Watch
from monitor.web.app import create_app
from monitor.web.pages import add_pages
from monitor.web.performance_test import performance_test_routes
from monitor.web.rights import Gate
from monitor.web.site import Site
from monitor.web.visit_routes import visit_routes
from probes import series_of
from thresholds import CheckKind

# Measurements wait here for the pipeline; beyond it, they wait in the socket and then with the prober.
_QUEUE_LENGTH = 10_000
_BATCH = 1_000
_HOUSEKEEPING_SECONDS = 60.0
_REPLAY_SECONDS = 5.0
_DRIFT_SECONDS = 60.0
_FIRST_CREEP_SECONDS = 300.0
_CREEP_SECONDS = 6 * 3600.0
_COUNT_SECONDS = 10.0
_SILENCE_SECONDS = 10.0
_ANSWERS_SECONDS = 30.0
_CHRONICLE_SECONDS = 5.0
_CHECKS_SECONDS = 60.0
_VISITS_SECONDS = 60.0
_ERRORS_SECONDS = 10.0
# How long a stop waits for messages that are being sent.
_DRAIN_SECONDS = 8.0

log = structlog.get_logger(__name__)


class _Server(uvicorn.Server):
    """Leaves the signals to the process, which stops things in an order."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(configuration: Configuration, dsn: str, listener: socket.socket, link: socket.socket) -> None:
    """Run until SIGTERM, also while the store is away. Raises MonitorError before anything runs."""
    settings, clock = configuration.settings, SystemClock()
    series = series_of(settings.probes)
    figures = Figures.load(configuration, series)
    exporter = Exporter(series, version=version("portalwatch"))
    watch = Watch(series, clock.now())
    exporter.expect(
        channels={name: channel.fallbacks for name, channel in settings.alerts.channels.items()},
        tiers=figures.routing.tiers,
    )
    exporter.limits({name: figures.limits_by_level(one) for name, one in series.items()})
    exporter.alertmanager_owns(handed_over(series, figures.routing))
    instance = f"{socket.gethostname()}-{uuid.uuid4().hex[:8]}"
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)

    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(store_pool(dsn, eager=False))
        ledger, snapshots = PostgresLedger(pool), PostgresSnapshots(pool)
        chronicle = Chronicle(ledger, PostgresInspections(pool), PostgresWorkload(pool), snapshots, settings, clock)
        chronicle.note(release_entry(settings.release, clock.now()))
        client = await stack.enter_async_context(httpx.AsyncClient())
        channels = configured_channels(configuration, exporter)
        policy = alert_policy(settings, figures, series)
        records = PostgresAlerts(pool, policy)
        alerts = open_alerts(
            pool,
            settings,
            figures,
            series,
            channels=channels,
            client=client,
            briefer=ServiceBriefer(settings, ledger, watch, records, clock),
            clock=clock,
            observer=exporter,
            instance=instance,
        )
        answers = IncidentAnswers(alerts, channels, client, clock)
        measurements = PostgresMeasurements(pool)
        probe_of = {one.name: name for name, probe in settings.probes.items() for one in probe.series()}

        def suspected(series: str) -> None:
            ask(link, TakeSnapshot(series, "suspected: slower than its reference"))
            ask(link, MoreCalls(probe_of[series]))

        drift = DriftWatch(
            PostgresDrift(pool),
            measurements,
            series,
            figures,
            settings.release,
            suspected,
        )
        comparing = Comparing(figures=figures, store=PostgresBaselines(pool), ledger=ledger)
        releases, spool = Releases(pool), _spool(settings.store)
        check_runs = PostgresCheckRuns(pool)
        pipeline = Pipeline(
            configuration=configuration,
            series=series,
            figures=figures,
            comparing=comparing,
            measurements=measurements,
            releases=releases,
            spool=spool,
            drift=drift,
            alerts=alerts,
            findings=PostgresFindings(pool),
            check_runs=check_runs,
            exporter=exporter,
            watch=watch,
            ask_for_snapshot=lambda series, reason: ask(link, TakeSnapshot(series, reason)),
            clock=clock,
        )
        try:
            await pipeline.register()
        except BaselineError as error:
            raise ConfigurationError(str(error)) from error
        deployments, evaluated = PostgresDeployments(pool, settings.environment), LastEvaluated()
        companion = Companion(
            settings=settings,
            deployments=deployments,
            watching=Watching(configuration, comparing, measurements, series, clock),
            pipeline=pipeline,
            watch=watch,
            status_updates=StatusUpdates(deployments, channels, exporter, clock),
            end_silences=alerts.end_silences_of,
            hold_back=partial(ask, link),
            evaluated=evaluated,
            exporter=exporter,
            clock=clock,
        )
        scheduled = ScheduledCaptures(configuration, PostgresBaselines(pool), companion.is_quiet, exporter, clock)
        checks = ScheduledChecks(configuration, check_runs, companion.wants_checks, clock)
        creep = CreepWatch(Creep(figures, settings.environment, pool), series, exporter, clock)
        tokens = AccessTokens(pool)
        errors = ErrorTracker(settings, PostgresErrors(pool, settings.environment), exporter, clock)
        gate = Gate(tokens, clock, operators_need_token=settings.http.require_operator_token)
        intake = Intake(settings.ingest, tokens, exporter, clock)
        app = create_app(
            settings=settings,
            watch=watch,
            alerts=alerts,
            policy=policy,
            answers=answers,
            ledger=ledger,
            snapshots=snapshots,
            deployments=deployments,
            evaluated=evaluated,
            checks=check_runs,
            intake=intake,
            errors=errors,
            exporter=exporter,
            gate=gate,
            clock=clock,
        )
        visits = Visits(
            PostgresVisits(pool, settings.environment),
            figures,
            exporter,
            pipeline.tell,
            timedelta(days=settings.store.rollups_days),
            clock,
        )
        app.include_router(visit_routes(visits, intake, gate))
        app.include_router(performance_test_routes(measurements, series, settings.probes, gate, clock))
        vitals = Vitals(pool, spool, watch, clock)
        add_pages(
            app,
            Site(
                configuration=configuration,
                figures=figures,
                watch=watch,
                vitals=vitals,
                alerts=alerts,
                ledger=ledger,
                history=PostgresHistory(pool),
                measurements=measurements,
                baselines=PostgresBaselines(pool),
                comparing=comparing,
                drifting=Drifting(figures, pool),
                releases=releases,
                deployments=deployments,
                evaluated=evaluated,
                checks=check_runs,
                visits=visits,
                errors=errors,
                gate=gate,
                clock=clock,
            ),
        )
        server = _Server(
            uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=3)
        )

        untold = [PROBING.name, *companion.series, *(one.series for one in CheckKind), *errors.series]

        async def retire() -> None:
            await alerts.retire([*series, *untold, *await visits.names()])

        await _tried(retire)
        await _tried(pipeline.watch_drift)  # what has been measured since the last stop waits in the link for it
        await _tried(errors.restore)

        async def tell_errors() -> None:
            await pipeline.tell(errors.findings())

        async with asyncio.TaskGroup() as group:
            taking = group.create_task(_take(link, stop, pipeline, chronicle, watch, exporter, clock))
            delivering = group.create_task(alerts.run())
            beats = [
                group.create_task(_every(_HOUSEKEEPING_SECONDS, pipeline.keep_house, clock)),
                group.create_task(_every(settings.evaluation.compare_every, pipeline.compare, clock)),
                group.create_task(_every(_DRIFT_SECONDS, pipeline.watch_drift, clock)),
                group.create_task(_every(_CREEP_SECONDS, creep.look, clock, first=_FIRST_CREEP_SECONDS)),
                group.create_task(_every(_REPLAY_SECONDS, pipeline.replay, clock)),
                group.create_task(_every(_COUNT_SECONDS, pipeline.count_alerts, clock)),
                group.create_task(_every(_COUNT_SECONDS, _weighing(exporter), clock, first=0.0)),
                group.create_task(_every(_SILENCE_SECONDS, pipeline.listen_for_silence, clock)),
                group.create_task(_every(_ANSWERS_SECONDS, answers.look, clock)),
                group.create_task(_every(_CHRONICLE_SECONDS, chronicle.write, clock)),
                group.create_task(_every(_CHRONICLE_SECONDS, pipeline.keep_findings, clock)),
                group.create_task(_every(_HOUSEKEEPING_SECONDS, scheduled.capture_if_due, clock)),
                group.create_task(_every(COMPANION_SECONDS, companion.look, clock, first=0.0)),
                group.create_task(_every(_CHECKS_SECONDS, checks.run_due, clock)),
                group.create_task(_every(_CHECKS_SECONDS, pipeline.tell_checks, clock, first=0.0)),
                group.create_task(_every(_HOUSEKEEPING_SECONDS, chronicle.keep_house, clock)),
                group.create_task(errors.writer.run()),
                group.create_task(_every(_ERRORS_SECONDS, tell_errors, clock)),
                group.create_task(_every(_HOUSEKEEPING_SECONDS, errors.keep_house, clock)),
                group.create_task(_every(EVERY_SECONDS, vitals.look, clock, first=0.0)),
                group.create_task(visits.writer.run()),
                group.create_task(_every(_VISITS_SECONDS, visits.look, clock, first=0.0)),
                group.create_task(_every(_HOUSEKEEPING_SECONDS, visits.keep_house, clock)),
            ]
            serving = group.create_task(server.serve([listener]))
            log.info("ready to serve", series=len(series), instance=instance)
            await stop.wait()
            # In the order in which data walks: what was measured is taken in, then told, then nobody is answered.
            for beat in beats:
                beat.cancel()
            await _ended(taking)
            await pipeline.remember_drift()
            await _tried(errors.writer.flush)
            alerts.drain()
            await _ended(delivering)
            server.should_exit = True
            await serving
            await visits.writer.flush()


def _spool(settings: StoreSettings) -> Spool:
    path = data_directory(settings) / "spool" / "measurements.jsonl"
    try:
        return Spool(path)
    except OSError as error:
        raise CannotRunError(f"{path.parent} can't be made: {error.strerror}; set store.directory") from error


async def _take(
    link: socket.socket,
    stop: asyncio.Event,
    pipeline: Pipeline,
    chronicle: Chronicle,
    watch: Watch,
    exporter: Exporter,
    clock: Clock,
) -> None:
    """What comes over the link: measurements to the pipeline, in batches as large as they have become meanwhile."""
    queue: asyncio.Queue[Measurement | None] = asyncio.Queue(_QUEUE_LENGTH)

    async def read() -> None:
        async for received in read_link(link, stop):
            if isinstance(received, Heartbeat):
                _count(watch.heartbeat, received, exporter)
                watch.heard(received, clock.now())
                exporter.probing_heard(clock.now())
            elif isinstance(received, Measurement):
                await queue.put(received)
            else:
                chronicle.note(received)
        await queue.put(None)

    async def take() -> None:
        more = True
        try:
            while more:
                batch = [await queue.get()]
                while len(batch) < _BATCH and not queue.empty():
                    batch.append(queue.get_nowait())
                more = None not in batch
                await pipeline.take([one for one in batch if one is not None])
        except asyncio.CancelledError:
            waiting = [queue.get_nowait() for _ in range(queue.qsize())]
            pipeline.keep_for_later([one for one in waiting if one is not None])
            raise

    async with asyncio.TaskGroup() as group:
        group.create_task(read())
        group.create_task(take())


def _count(before: Heartbeat | None, now: Heartbeat, exporter: Exporter) -> None:
    """Add what a heartbeat has counted since the one before; a prober that was restarted counts from zero."""
    earlier = before if before is not None and before.restarts == now.restarts else Heartbeat(0, now.restarts)
    exporter.dropped(now.dropped - earlier.dropped)
    exporter.process("probing", cpu_seconds=now.cpu_seconds - earlier.cpu_seconds, resident_bytes=now.resident_bytes)
    for _ in range(now.restarts - (before.restarts if before else 0)):
        exporter.restarted("probing")


def _weighing(exporter: Exporter) -> Callable[[], Awaitable[None]]:
    """Tells what this process has used since the time before."""
    before = Usage(0.0, 0.0)

    async def weigh() -> None:
        nonlocal before
        now = Usage.of_this_process()
        exporter.process("service", cpu_seconds=now.cpu_seconds - before.cpu_seconds, resident_bytes=now.resident_bytes)
        before = now

    return weigh


async def _every(
    seconds: float, step: Callable[[], Awaitable[None]], clock: Clock, *, first: float | None = None
) -> None:
    await clock.sleep(seconds if first is None else first)
    while True:
        await _tried(step)
        await clock.sleep(seconds)


async def _tried(step: Callable[[], Awaitable[object]]) -> None:
    """One wrong round must not end the watching; it is logged, and the next one comes."""
    try:
        await step()
    except Exception:
        log.exception("a step of the service failed", step=getattr(step, "__name__", ""))


async def _ended(task: asyncio.Task[None]) -> None:
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            await task
    except TimeoutError:
        log.warning("stopped without waiting any longer", task=task.get_name())


def main() -> None:
    """Entry of the process; ends with an exit code of the house."""
    parser = argparse.ArgumentParser(prog="monitor.service")
    parser.add_argument("--config", type=Path)
    parser.add_argument("--link-fd", type=int, required=True)
    parser.add_argument("--listen-fd", type=int, required=True)
    parser.add_argument("--restarts", type=int, default=0)
    arguments = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        configuration = load_configuration(arguments.config, os.environ)
        settings = configuration.settings
        configure_logs(sys.stdout, settings.log.format, settings.log.level, process="service")
        with socket.socket(fileno=arguments.listen_fd) as listener, socket.socket(fileno=arguments.link_fd) as link:
            run(serve(configuration, os.environ[STORE_VARIABLE], listener, link))
    except MonitorError as error:
        configure_logs(sys.stderr)
        log.error("the service can't start", reason=str(error))
        raise SystemExit(error.exit_code) from error


if __name__ == "__main__":
    main()
