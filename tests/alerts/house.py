"""The room put together for tests, with a clock that is moved by hand and a sink that misbehaves."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import asyncpg
from pydantic import SecretStr

from alerts import (
    Alert,
    Alerts,
    AlertStore,
    Briefing,
    ChannelSettings,
    DeliveryWorker,
    Evidence,
    Links,
    LinkSigner,
    MemoryAlerts,
    Outbox,
    Outcome,
    Policy,
    Reason,
)
from alerts.channels import open_channels
from alerts.postgres import PostgresAlerts
from alerts.postgres_outbox import PostgresOutbox
from baselines.series import Unit
from thresholds.finding import Finding, Level, Rule
from thresholds.routing import Routing, RoutingOverride, TierOverride, load_routing

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PASSWORD = "hunter2secret"


class ManualClock:
    """Time that stands until a test moves it."""

    def __init__(self) -> None:
        self.instant = START
        self._moved = asyncio.Condition()

    def now(self) -> datetime:
        """The instant it was moved to."""
        return self.instant

    def monotonic(self) -> float:
        """Seconds since the start."""
        return (self.instant - START).total_seconds()

    async def sleep(self, seconds: float) -> None:
        """Wait until it has been moved that far."""
        until = self.instant + timedelta(seconds=seconds)
        async with self._moved:
            await self._moved.wait_for(lambda: self.instant >= until)

    async def move(self, **by: float) -> None:
        """Move by so many `seconds`, `minutes` or `hours`."""
        self.instant += timedelta(**by)
        async with self._moved:
            self._moved.notify_all()


@dataclass
class RecordingObserver:
    """Everything this room told, in order."""

    changes: list[tuple[Reason, float]] = field(default_factory=list)
    attempts: list[tuple[str, Outcome]] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    dead: list[tuple[str, str | None]] = field(default_factory=list)
    digests: list[tuple[str, int]] = field(default_factory=list)
    waited: list[tuple[str, float]] = field(default_factory=list)
    late_by: list[float] = field(default_factory=list)
    beats: list[bool] = field(default_factory=list)
    alone: list[bool] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    failure: asyncio.Event = field(default_factory=asyncio.Event)

    def changed(self, reason: Reason, tier: str, late_seconds: float) -> None:  # noqa: ARG002
        """Note it."""
        self.changes.append((reason, late_seconds))

    def delivered(self, channel: str, outcome: Outcome, seconds: float) -> None:  # noqa: ARG002
        """Note it."""
        self.attempts.append((channel, outcome))

    def delivered_late(self, channel: str) -> None:
        """Note it."""
        self.late.append(channel)

    def lease_lost(self, channel: str) -> None:
        """Note it."""
        self.lost.append(channel)

    def dead_lettered(self, channel: str, fallback: str | None) -> None:
        """Note it."""
        self.dead.append((channel, fallback))

    def merged(self, channel: str, notifications: int) -> None:
        """Note it."""
        self.digests.append((channel, notifications))

    def acknowledged(self, tier: str, seconds: float) -> None:
        """Note it."""
        self.waited.append((tier, seconds))

    def overdue(self, seconds: float) -> None:
        """Note it."""
        self.late_by.append(seconds)

    def heartbeat(self, ok: bool) -> None:
        """Note it."""
        self.beats.append(ok)

    def standing_by(self, on: bool) -> None:
        """Note it."""
        self.alone.append(on)

    def failed(self, loop: str) -> None:
        """Note it."""
        self.failures.append(loop)
        self.failure.set()


class Sink:
    """An HTTP server that takes messages; how it answers a path is set in `behaviour`.

    ok; error (500); too_many (429 with Retry-After); hang; drop (takes the message and says nothing); refuse (closes
    before it was read); drip (answers a byte at a time, without end).
    """

    def __init__(self) -> None:
        self.port = 0
        self.behaviour: defaultdict[str, str] = defaultdict(lambda: "ok")
        self.arrived: list[tuple[str, dict[str, Any]]] = []
        self.arrival = asyncio.Condition()
        self.release = asyncio.Event()
        self._serving: set[asyncio.Task[Any]] = set()

    def titles(self, channel: str) -> list[str]:
        """The titles that arrived for a channel, in order."""
        return [message["title"] for path, message in self.arrived if path == channel]

    async def wait_for(self, arrived: Callable[[], bool]) -> None:
        """Wait until that is true of what arrived; gives up after ten seconds."""
        async with asyncio.timeout(10), self.arrival:
            await self.arrival.wait_for(arrived)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request."""
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._answer(reader, writer)
        finally:
            writer.close()
            self._serving.discard(task)

    async def end(self) -> None:
        """Let go of whatever hangs."""
        self.release.set()
        await asyncio.wait_for(asyncio.gather(*self._serving, return_exceptions=True), 10)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lengths = [int(line.split(":")[1]) for line in head.splitlines() if line.lower().startswith("content-le")]
        message = json.loads(await reader.readexactly(sum(lengths)) or b"{}")
        path = head.split()[1].removeprefix("/").split("?")[0].split("/")[0]
        behaviour = self.behaviour[path]
        if behaviour == "refuse":
            writer.transport.abort()
            return
        async with self.arrival:
            self.arrived.append((path, message))
            self.arrival.notify_all()
        behaviour = self.behaviour[path]
        if behaviour == "hang":
            await self.release.wait()
        if behaviour == "drip":
            await self._drip(writer)
        elif behaviour != "drop":
            writer.write(b"HTTP/1.1 " + _STATUS[behaviour] + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()

    async def _drip(self, writer: asyncio.StreamWriter) -> None:
        for byte in b"HTTP/1.1 200 OK\r\n" + b"X-Slow: yes\r\n" * 100:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.05)
            if self.release.is_set():
                return


_STATUS = {
    "ok": b"200 OK",
    "hang": b"200 OK",
    "error": b"500 Broken",
    "too_many": b"429 Too Many Requests\r\nRetry-After: 1",
}


@asynccontextmanager
async def running_sink() -> AsyncIterator[Sink]:
    """A sink on a free port of the loopback."""
    sink = Sink()
    async with await asyncio.start_server(sink.serve, "127.0.0.1", 0) as server:
        sink.port = server.sockets[0].getsockname()[1]
        try:
            yield sink
        finally:
            await sink.end()


@dataclass
class House:
    """The room put together as the monitor does it."""

    sink: Sink
    clock: ManualClock
    observer: RecordingObserver
    pool: "asyncpg.Pool[asyncpg.Record]"
    policy: Policy
    store: AlertStore
    outbox: Outbox
    worker: DeliveryWorker
    alerts: Alerts

    def another(self, instance: str) -> tuple[PostgresAlerts, PostgresOutbox, DeliveryWorker]:
        """The store, the outbox and the worker of another process on the same database."""
        outbox = PostgresOutbox(self.pool, self.policy, instance)
        store = PostgresAlerts(self.pool, self.policy)
        return store, outbox, new_worker(outbox, self.policy, self.clock, self.observer)

    async def evaluate(self, *findings: Finding, times: int = 1) -> None:
        """So many evaluations with the same findings, 30 seconds apart."""
        for _ in range(times):
            await self.alerts.record(findings)
            await self.clock.move(seconds=30)


class PlainBriefer:
    """`Briefer` that knows where the alert's page is and nothing else."""

    @property
    def overview(self) -> Links:
        """The list."""
        return Links(alert="https://watch.example/alerts")

    async def brief(self, alert: Alert) -> Briefing:
        """That."""
        return Briefing(links=Links(alert=f"https://watch.example/alerts/{alert.id}"))


SIGNER = LinkSigner(SecretStr("a key of sixteen characters"), "https://watch.example")


def new_worker(outbox: Outbox, policy: Policy, clock: ManualClock, observer: RecordingObserver) -> DeliveryWorker:
    """A worker on that outbox, with the policy's channels."""
    return DeliveryWorker(
        outbox,
        open_channels(policy.channels, observer),
        policy=policy,
        clock=clock,
        observer=observer,
        random=Random(7),
        briefer=PlainBriefer(),
        links=SIGNER,
    )


def new_room(
    store: AlertStore, outbox: Outbox, policy: Policy, clock: ManualClock, observer: RecordingObserver
) -> tuple[DeliveryWorker, Alerts]:
    """The worker and the room on whatever keeps alerts."""
    worker = new_worker(outbox, policy, clock, observer)
    return worker, Alerts(store, outbox, worker, clock=clock, observer=observer, links=SIGNER)


def prompt(routing: Routing, group_wait: float = 0.0) -> Routing:
    """The routing with nothing waiting for others of its cause, or so long: most tests are not about that."""
    waits = {name: TierOverride(group_wait=group_wait) for name in routing.tiers}
    return routing.overridden(RoutingOverride(tiers=waits))


def evidence(one: Finding) -> Evidence:
    """Three bad evaluations and two good ones; a finding of a comparison at once."""
    return Evidence(1 if one.rule is Rule.BASELINE else 3, 2)


def finding(
    level: Level = Level.WARNING,
    *,
    series: str = "api_endpoints.client_groups",
    rule: Rule = Rule.ABSOLUTE,
    route: str = "slow_endpoints",
    value: float = 0.45,
) -> Finding:
    """A finding as the thresholds make it; a warning on a slow endpoint unless told."""
    return Finding(
        series=series,
        route=route,
        rule=rule,
        level=level,
        unit=Unit.SECONDS,
        summary=f"{series} takes {value * 1000:.0f} ms",
        since=START,
        value=value,
        limit=0.3,
    )


def sink_channel(port: int, name: str, **options: Any) -> ChannelSettings:
    """A channel of that name to the sink on that port."""
    return ChannelSettings(url=SecretStr(f"json://watch:{PASSWORD}@127.0.0.1:{port}/{name}/"), **options)


def open_in_memory(routing: Routing) -> "OpenHouse":
    """As the fixture `open_house`, without a store."""

    @asynccontextmanager
    async def opened(*names: str, **options: dict[str, Any]) -> AsyncIterator[House]:
        async with running_sink() as sink:
            channels = {
                name: sink_channel(sink.port, name, **options.get(name.replace("-", "_"), {})) for name in names
            }
            clock, observer = ManualClock(), RecordingObserver()
            policy = policy_for_tests(routing, channels, options)
            memory = MemoryAlerts(policy, "first")
            worker, alerts = new_room(memory, memory, policy, clock, observer)
            pool: Any = None  # nothing here asks for one
            yield House(sink, clock, observer, pool, policy, memory, memory, worker, alerts)

    return opened


def policy_for_tests(
    routing: Routing, channels: Mapping[str, ChannelSettings], options: Mapping[str, dict[str, Any]]
) -> Policy:
    """The customer's routing over those channels; of the options, `waiting` has the group wait in seconds, and
    `handed_over` who delivers which route.

    Series of `api_endpoints` go to the portal, which stands on the database, where those of `database_queries` go;
    `reachability` says of either whether it is there.
    """
    targets = {"api_endpoints": "portal", "database_queries": "portal_database"}
    reachable = {"reachability.portal": "portal", "reachability.database": "portal_database"}
    handed_over = RoutingOverride(delivery=options.get("handed_over", {}))
    return Policy(
        prompt(routing.overridden(handed_over), **options.get("waiting", {})),
        channels,
        evidence,
        target_of=lambda series: reachable.get(series) or targets.get(series.partition(".")[0]),
        stands_on={"portal": frozenset({"portal_database"})},
    )


async def deliver_once(dsn: str, port: int, name: str) -> None:
    """Another process's whole life: deliver what is due to one channel, on a clock that stands at the start."""
    channels = {name: sink_channel(port, name)}
    async with asyncpg.create_pool(dsn, min_size=1) as pool:
        policy = Policy(prompt(load_routing()), channels, evidence)
        outbox = PostgresOutbox(pool, policy, "killed")
        await new_worker(outbox, policy, ManualClock(), RecordingObserver()).run_once()


OpenHouse = Callable[..., AbstractAsyncContextManager[House]]
