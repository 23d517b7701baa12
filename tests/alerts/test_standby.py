"""Without the store: alerts go on, nothing that was decided is lost, and the views of several instances become one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from alerts import Alert, Alerts, AlertState, BookSpool, DeliveryState, DeliveryWorker, Policy, Standby
from alerts.adoption import merge
from alerts.evaluation import decide
from alerts.people import acknowledge
from alerts.postgres import PostgresAlerts
from alerts.postgres_library import PostgresLibrary
from alerts.postgres_outbox import PostgresOutbox
from monitor.database import migrate
from monitor.embedded import EmbeddedServer
from tests.alerts.house import (
    ManualClock,
    RecordingObserver,
    Sink,
    finding,
    new_room,
    policy_for_tests,
    running_sink,
    sink_channel,
)
from tests.alerts.statements.test_quiet import down, silence
from thresholds.finding import Level, Rule
from thresholds.routing import Routing

CHANNELS = ("slack-alerts", "slack-critical", "phone-call-escalation")


@dataclass
class Instance:
    """One service's alert room, which may lose its store."""

    alerts: Alerts
    worker: DeliveryWorker
    standby: Standby
    observer: RecordingObserver
    pool: "asyncpg.Pool[asyncpg.Record]"


@dataclass
class Site:
    """A store that comes and goes, and what its instances have in common."""

    server: EmbeddedServer
    directory: Path
    clock: ManualClock
    sink: Sink
    policy: Policy

    @asynccontextmanager
    async def instance(self, name: str, spool: Path) -> AsyncIterator[Instance]:
        """A room on the store."""
        observer = RecordingObserver()
        pool = await asyncpg.create_pool(self.server.dsn("portalwatch"), min_size=0, max_size=4, timeout=2)
        standby = Standby(
            PostgresAlerts(pool, self.policy),
            PostgresOutbox(pool, self.policy, name),
            PostgresLibrary(pool),
            self.policy,
            BookSpool(spool),
            clock=self.clock,
            observer=observer,
            instance=name,
        )
        worker, alerts = new_room(standby, standby, self.policy, self.clock, observer)
        try:
            yield Instance(alerts, worker, standby, observer, pool)
        finally:
            pool.terminate()

    def lose(self) -> None:
        """The store goes away, as in a crash."""
        self.server.stop()

    def bring_back(self) -> None:
        """It is there again, with what it had, at the same address."""
        self.server = EmbeddedServer.start(self.directory, durable=False)


@asynccontextmanager
async def site(directory: Path, routing: Routing) -> AsyncIterator[Site]:
    """A server of its own, migrated, and a sink for three channels."""
    server = EmbeddedServer.start(directory, durable=False)
    found: Site | None = None
    try:
        await asyncio.to_thread(server.create_database, "portalwatch")
        await migrate(server.dsn("portalwatch"))
        async with running_sink() as sink:
            channels = {name: sink_channel(sink.port, name) for name in CHANNELS}
            found = Site(server, directory, ManualClock(), sink, policy_for_tests(routing, channels, {}))
            yield found
    finally:
        (found.server if found else server).stop()


async def until_it_is_back(place: Site, *instances: Instance) -> None:
    """Look as often as it takes until no instance works alone."""
    for _ in range(50):
        for one in instances:
            await one.alerts.advance()
        if not any(one.standby.is_alone for one in instances):
            return
        await place.clock.move(seconds=6)
        await asyncio.sleep(0.05)
    pytest.fail("they never came back to the store")


def test_without_the_store_alerts_are_decided_delivered_and_told_to_it_afterwards(
    reachable_directory: Path, routing: Routing, tmp_path: Path
) -> None:
    """What was pending goes on from where it was and fires; an acknowledgement and the end of another alert are taken;
    back with the store, its rows, history and deliveries are as if it had never been away.
    """

    async def scenario() -> None:
        async with (
            site(reachable_directory / "alone", routing) as place,
            place.instance("one", tmp_path / "spool.json") as one,
        ):
            await one.alerts.record([finding(series="own.a", rule=Rule.BASELINE)])
            await one.worker.run_once()
            await one.alerts.record([finding(), finding(series="own.a", rule=Rule.BASELINE)])
            await one.alerts.record([finding()])
            await one.alerts.advance()
            place.lose()
            await one.alerts.record([finding()])
            assert one.standby.is_alone
            assert one.observer.alone == [True]
            await one.worker.run_once()
            assert any("client_groups" in title for title in place.sink.titles("slack-alerts"))
            own = next(record.alert for record in await one.alerts.list_alerts() if record.alert.series == "own.a")
            await one.alerts.acknowledge(own.id, "ada")
            await one.alerts.record([finding(Level.CRITICAL, series="own.b", rule=Rule.BASELINE)])
            await one.worker.run_once()
            await place.clock.move(minutes=16)
            await one.alerts.advance()
            await one.worker.run_once()
            assert len(place.sink.titles("phone-call-escalation")) == 1
            place.bring_back()
            await until_it_is_back(place, one)
            assert not (tmp_path / "spool.json").exists()
            alerts = {record.alert.series: record for record in await one.alerts.list_alerts()}
            assert alerts["own.a"].alert.acknowledged_by == "ada"
            assert alerts["own.b"].alert.tier == "tier_4_emergency"
            assert alerts["api_endpoints.client_groups"].alert.state is AlertState.FIRING
            events = [event.event for event in alerts["own.b"].events]
            assert events[0] == "fired"
            assert "escalated" in events
            assert events.count("delivered") == 2
            states = {
                delivery.state
                for record in alerts.values()
                for delivery in record.deliveries
                if delivery.notification.channel in CHANNELS
            }
            assert states == {DeliveryState.DELIVERED}
            sent = len(place.sink.arrived)
            await one.worker.run_once()
            assert len(place.sink.arrived) == sent

    asyncio.run(scenario())


def test_a_crash_without_the_store_loses_nothing(reachable_directory: Path, routing: Routing, tmp_path: Path) -> None:
    """An instance that fired while the store was away, could not deliver, and was killed, goes on from its disk."""

    async def scenario() -> None:
        async with (
            site(reachable_directory / "killed alone", routing) as place,
            place.instance("one", tmp_path / "spool.json") as one,
        ):
            await one.alerts.advance()
            place.lose()
            place.sink.behaviour["slack-alerts"] = "error"
            await one.alerts.record([finding(rule=Rule.BASELINE)])
            await one.worker.run_once()
            place.sink.behaviour.clear()
            place.sink.arrived.clear()
            async with place.instance("one again", tmp_path / "spool.json") as again:
                assert again.standby.is_alone
                await place.clock.move(seconds=5)
                await again.worker.run_once()
                assert len(place.sink.titles("slack-alerts")) == 1
                place.bring_back()
                await until_it_is_back(place, again)
                [record] = await again.alerts.list_alerts()
                assert [event.event for event in record.events if event.event != "no_recipient"] == [
                    "fired",
                    "failed",
                    "delivered",
                ]

    asyncio.run(scenario())


def test_statement_09_without_the_store_instances_give_one_fault_one_id(
    reachable_directory: Path, routing: Routing, tmp_path: Path
) -> None:
    """Two instances that lose the store both deliver, under one id and sequence; what they tell the store afterwards is
    one alert, and the acknowledgement that reached only one of them counts.
    """

    async def scenario() -> None:
        async with (
            site(reachable_directory / "both alone", routing) as place,
            place.instance("one", tmp_path / "1.json") as one,
            place.instance("two", tmp_path / "2.json") as two,
        ):
            # An earlier alert of the same fault, which both know of.
            for level in (Level.WARNING, Level.OK, Level.OK):
                await one.alerts.record([finding(level, rule=Rule.BASELINE)])
            await one.worker.run_once()
            place.sink.arrived.clear()
            await place.clock.move(hours=1)
            for each in (one, two):
                await each.alerts.advance()
            place.lose()
            for each in (one, two):
                await each.alerts.record([finding(rule=Rule.BASELINE)])
                await each.worker.run_once()
                await place.clock.move(seconds=7)
            first, second = (message["message"].splitlines()[-1] for _, message in place.sink.arrived)
            assert first == second
            [known] = await two.alerts.list_alerts([AlertState.FIRING])
            await two.alerts.acknowledge(known.alert.id, "ada")
            place.bring_back()
            await until_it_is_back(place, one, two)
            records = await one.alerts.list_alerts()
            assert len(records) == 2
            assert records[0].alert.acknowledged_by == "ada"
            assert {event.by for event in records[0].events if event.event == "delivered"} == {
                "one without the store",
                "two without the store",
            }
            sent = len(place.sink.arrived)
            for each in (one, two):
                await each.worker.run_once()
            assert len(place.sink.arrived) == sent

    asyncio.run(scenario())


def test_a_store_that_hangs_is_as_good_as_away(reachable_directory: Path, routing: Routing, tmp_path: Path) -> None:
    """A server that takes the question and never answers holds up an alert for seconds, not for ever; and while it is
    asked whether it is back, messages leave.
    """

    async def scenario() -> None:
        async with (
            site(reachable_directory / "frozen", routing) as place,
            place.instance("one", tmp_path / "spool.json") as one,
        ):
            await one.alerts.record([finding(series="own.a", rule=Rule.BASELINE)])
            lock = await asyncpg.connect(place.server.dsn("portalwatch"))
            async with lock.transaction():
                await lock.execute("LOCK TABLE alert IN ACCESS EXCLUSIVE MODE")
                async with asyncio.timeout(30):
                    await one.alerts.record([finding(rule=Rule.BASELINE)])
                assert one.standby.is_alone
                asking = asyncio.create_task(one.alerts.advance())
                await asyncio.sleep(0.2)
                await one.worker.run_once()
                assert not asking.done()
                assert any("client_groups" in title for title in place.sink.titles("slack-alerts"))
                await asking
                assert one.standby.is_alone
            await lock.close()
            await until_it_is_back(place, one)
            assert len(await one.alerts.list_alerts()) == 2

    asyncio.run(scenario())


def test_silences_hold_without_the_store(reachable_directory: Path, routing: Routing, tmp_path: Path) -> None:
    """One that was made before goes on, one that was made meanwhile is kept by the store afterwards."""

    async def scenario() -> None:
        async with (
            site(reachable_directory / "silent", routing) as place,
            place.instance("one", tmp_path / "spool.json") as one,
        ):
            window = silence(place.clock, "own.a")
            await one.alerts.silence(window)
            await place.clock.move(seconds=11)
            await one.alerts.advance()
            place.lose()
            await one.alerts.record([finding(series="own.a", rule=Rule.BASELINE)])
            later = silence(place.clock, "own.b")
            await one.alerts.silence(later)
            await one.alerts.record([finding(series="own.b", rule=Rule.BASELINE), down()])
            await one.worker.run_once()
            assert place.sink.arrived == []
            place.bring_back()
            await until_it_is_back(place, one)
            assert {kept.id for kept in await one.alerts.list_silences()} == {window.id, later.id}

    asyncio.run(scenario())


def fired(policy: Policy) -> Alert:
    """An alert that just fired."""
    transition = decide(None, finding(rule=Rule.BASELINE), policy, ManualClock().now())
    assert transition is not None
    assert transition.after is not None
    return transition.after


def test_two_views_of_an_alert_become_one(routing: Routing) -> None:
    """The end counts, then an acknowledgement in the same occurrence, then who is further; everybody who was told stays
    so; and which of the two the store had makes no difference.
    """
    policy = policy_for_tests(routing, {name: sink_channel(1, name) for name in CHANNELS}, {})
    alert = fired(policy)
    later = alert.updated_at + timedelta(minutes=5)
    taken = acknowledge(alert, "ada", policy, later).after
    assert taken is not None
    ended = replace(alert, state=AlertState.RESOLVED, resolved_at=later)
    further = replace(alert, step=2, updated_at=later, channels=("phone-call-escalation",))
    again = replace(alert, occurrence=2, updated_at=later)
    for one, other, winner in (
        (alert, ended, ended),
        (taken, ended, ended),
        (taken, further, taken),
        (alert, further, further),
        (taken, again, again),
    ):
        for merged in (merge(one, other), merge(other, one)):
            assert merged.state is winner.state
            assert (merged.occurrence, merged.step) == (winner.occurrence, winner.step)
            assert set(merged.channels) == {*one.channels, *other.channels}
    assert merge(None, alert) == alert


def test_a_spool_that_cannot_be_read_is_set_aside(tmp_path: Path) -> None:
    """What a crash tore is kept for whoever wants to look, and nothing is taken from it."""
    path = tmp_path / "alerts.json"
    path.write_text('{"alerts": {"torn', encoding="utf-8")
    assert BookSpool(path).read() is None
    assert path.with_suffix(".unreadable").exists()
