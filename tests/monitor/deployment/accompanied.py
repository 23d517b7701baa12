"""A companion with everything around it on a real store, on a clock that the test moves."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import asyncpg
from pydantic import SecretStr

from alerts import AlertObserver, ChannelSettings
from alerts.channels import open_channels
from baselines import Measurement, Outcome, Reason
from baselines.postgres import PostgresBaselines, PostgresMeasurements
from baselines.postgres_ledger import PostgresLedger
from monitor.comparing import Comparing, Figures
from monitor.configuration import Configuration, load_configuration
from monitor.database import store_pool
from monitor.deployment.actions import begin_phase, end_phase, go_live, judge_gate, override_gate
from monitor.deployment.companion import EVERY_SECONDS, Companion
from monitor.deployment.deployment import Deployment
from monitor.deployment.evaluated import LastEvaluated
from monitor.deployment.event import EventKind, NewEvent
from monitor.deployment.phase import PhaseStatus
from monitor.deployment.postgres import PostgresDeployments
from monitor.deployment.status_updates import StatusUpdates
from monitor.deployment.watching import Watching
from monitor.exporter import Exporter
from monitor.link import HoldBack
from monitor.watch import Watch
from probes import series_of
from tests.alerts.house import RecordingObserver, Sink, running_sink, sink_channel
from tests.alerts.mailbox import Mailbox, running_mailbox
from tests.clocks import ManualClock
from tests.monitor.cli.commands import configuration
from tests.monitor.deployment.driven import opening, result
from thresholds import Finding, Level
from thresholds.deployment.gate import Gate, GateState
from thresholds.deployment.plan import DeploymentPlan

# Three phases; nobody may work in the first of them.
PLAN = DeploymentPlan.model_validate(
    {
        "title": "three phases",
        "contacts": {"name": "Carol Jones", "status": ["chat"]},
        "gate": ["comparison", "limits"],
        "phases": {
            "quiet": {"title": "nobody works", "expected": "1 h", "users": 0},
            "few": {"title": "two may work", "expected": "1 h", "users": 2},
            "all": {"title": "all may work", "expected": "1 h"},
        },
    }
)
PROBES = {
    "targets": {"portal": {"kind": "http", "url": "http://127.0.0.1:1"}},
    "probes": {
        "usage": {
            "kind": "scrape",
            "category": "portal_usage",
            "target": "portal",
            "path": "/metrics",
            "series": {"concurrent_users": {"value": "portal_active_users"}},
        }
    },
}


@dataclass
class Telling:
    """`Teller` that keeps what it was told, and lets the watch know as the pipeline does."""

    watch: Watch
    told: list[list[Finding]] = field(default_factory=list)

    async def tell(self, judged: Sequence[Finding]) -> None:
        """Keep it."""
        self.told.append(list(judged))
        self.watch.judged(judged)


class Exported(RecordingObserver):
    """As much of the exporter as the companion asks for."""

    def __init__(self) -> None:
        super().__init__()
        self.deployments: list[str | None] = []

    def deployment(self, deployment: Deployment | None, now: datetime, *, score: float | None = None) -> None:  # noqa: ARG002
        """Note its name."""
        self.deployments.append(None if deployment is None else deployment.name)


@dataclass
class Service:
    """One instance of the service, as far as deployments go; what it asked of the prober and of the alerts."""

    companion: Companion
    watch: Watch
    telling: Telling
    evaluated: LastEvaluated
    held: list[HoldBack]
    ended: list[str]
    exported: Exported

    def wrong(self) -> dict[str, str]:
        """What is told now and not ok, by series."""
        return {one.series: one.summary for one in self.watch.findings.values()}

    def said(self) -> dict[str, Level]:
        """What was said at the last look."""
        return {one.series: one.level for one in self.telling.told[-1]}

    def measured(self, series: str, value: float | None, at: datetime) -> None:
        """A measurement came in."""
        outcome, reason = (Outcome.ERROR, Reason.REFUSED) if value is None else (Outcome.OK, None)
        self.watch.saw(
            Measurement(series=series, intended_at=at, started_at=at, outcome=outcome, reason=reason, value=value)
        )


@dataclass
class Accompanied:
    """A deployment, and the services that look after it."""

    configuration: Configuration
    pool: asyncpg.Pool
    clock: ManualClock
    sink: Sink
    mailbox: Mailbox
    deployments: PostgresDeployments
    measurements: PostgresMeasurements
    baselines: PostgresBaselines

    def service(
        self, pool: asyncpg.Pool | None = None, end_silences: Callable[[str], Awaitable[object]] | None = None
    ) -> Service:
        """A service that has just begun, knowing nothing but the store; on connections of its own where given.

        Which silences it ends is noted, unless somebody is given who does.
        """
        settings, own = self.configuration.settings, pool or self.pool
        series = series_of(settings.probes)
        watch, exported, evaluated = Watch(series, self.clock.now()), Exported(), LastEvaluated()
        held: list[HoldBack] = []
        ended: list[str] = []
        telling = Telling(watch)

        async def note(name: str) -> None:
            ended.append(name)

        companion = Companion(
            settings=settings,
            deployments=PostgresDeployments(own, settings.environment),
            watching=self.watching(own),
            pipeline=telling,
            watch=watch,
            status_updates=self.status_updates(exported, own),
            end_silences=end_silences or note,
            hold_back=held.append,
            evaluated=evaluated,
            exporter=cast(Exporter, exported),
            clock=self.clock,
        )
        return Service(companion, watch, telling, evaluated, held, ended, exported)

    def status_updates(self, observer: AlertObserver, pool: asyncpg.Pool | None = None) -> StatusUpdates:
        """Those of a service that has just begun; the channels are `chat`, a sink, and `mail`."""
        channels = open_channels({"chat": sink_channel(self.sink.port, "chat"), "mail": self._mail()}, observer)
        deployments = PostgresDeployments(pool or self.pool, self.configuration.settings.environment)
        return StatusUpdates(deployments, channels, observer, self.clock)

    def _mail(self) -> ChannelSettings:
        query = "mode=insecure&from=watch@corp.example&to=ops@corp.example"
        return ChannelSettings(url=SecretStr(f"mailto://127.0.0.1:{self.mailbox.port}?{query}"))

    def watching(self, pool: asyncpg.Pool) -> Watching:
        """The watch after going live."""
        series = series_of(self.configuration.settings.probes)
        comparing = Comparing(
            figures=Figures.load(self.configuration, series),
            store=PostgresBaselines(pool),
            ledger=PostgresLedger(pool),
        )
        return Watching(self.configuration, comparing, PostgresMeasurements(pool), series, self.clock)

    async def open(self, plan: DeploymentPlan) -> Deployment:
        """It begins."""
        return await self.deployments.open("v42", opening(plan), self.clock.now())

    async def do(self, decide: Callable[[Deployment, datetime], Iterable[NewEvent]]) -> Deployment:
        """Somebody does something now."""
        now = self.clock.now()
        return await self.deployments.change(lambda one: decide(one, now), now)

    async def begin(self, phase: str) -> None:
        """A phase begins, through gates that are opened, after those that come first."""
        while (following := (await self.now()).next_phase) is not None and following.name != phase:
            await self.begin(following.name)
            await self.end(following.name)
        await self.open_gates()
        await self.do(lambda one, now: begin_phase(one, phase, "ann", now))

    async def judge(self, state: GateState = GateState.OPEN, *reasons: str) -> None:
        """The gate that is due is judged now."""
        gate = (await self.now()).due_gate
        assert gate is not None
        found = result(gate, state, *reasons, at=self.clock.now())
        await self.do(lambda one, _: judge_gate(one, found, "ann", one.number))

    async def open_gates(self) -> Gate | None:
        """Every gate in the way is judged open; the one at which everybody waits then."""
        while (gate := (deployment := await self.now()).due_gate) is not None:
            if deployment.gate_state(gate, self.clock.now()) is GateState.OPEN:
                break
            await self.judge()
        return gate

    async def override(self) -> None:
        """Somebody lets the gate be passed."""
        await self.do(lambda one, now: override_gate(one, "lea", "it is known", now))

    async def complete(self) -> None:
        """All that is left of it is carried out."""
        while (following := (await self.now()).next_phase) is not None:
            await self.begin(following.name)
            await self.end(following.name)

    async def begin_live(self) -> None:
        """All that is left is carried out, and it goes live through its last gate."""
        await self.complete()
        await self.open_gates()
        await self.do(lambda one, now: go_live(one, "ann", now))

    async def end(self, phase: str, status: PhaseStatus = PhaseStatus.COMPLETED) -> None:
        """A phase ends."""
        await self.do(lambda one, _: end_phase(one, phase, status, "ann"))

    async def now(self) -> Deployment:
        """How it stands in the store."""
        return await self.deployments.current("v42")

    async def kinds(self) -> list[EventKind]:
        """What happened so far."""
        return [one.kind for one in (await self.now()).events]

    async def look(self, *services: Service, seconds: float = EVERY_SECONDS, times: int = 1) -> None:
        """Time passes, and each service looks; all of them at once."""
        for _ in range(times):
            self.clock.advance(seconds)
            await asyncio.gather(*(one.companion.look() for one in services))


def accompany(store: str, directory: Path, act: Callable[[Accompanied], Awaitable[None]], **sections: Any) -> None:
    """Run `act` on a store; `sections` of the configuration as given."""

    async def run() -> None:
        async with accompanied(store, directory, **sections) as house:
            await act(house)

    asyncio.run(run())


@asynccontextmanager
async def accompanied(store: str, directory: Path, **sections: Any) -> AsyncIterator[Accompanied]:
    """A deployment to be opened on a store; `sections` of the configuration as given."""
    configured = load_configuration(configuration(directory, store, **sections), {})
    async with running_sink() as sink, running_mailbox() as mailbox, store_pool(store, eager=False) as pool:
        measurements = PostgresMeasurements(pool)
        await measurements.register(series_of(configured.settings.probes))
        yield Accompanied(
            configured,
            pool,
            ManualClock(),
            sink,
            mailbox,
            PostgresDeployments(pool, configured.settings.environment),
            measurements,
            PostgresBaselines(pool),
        )
