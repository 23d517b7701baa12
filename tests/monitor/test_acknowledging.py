"""What people acknowledge in services with incidents comes back, and stops the escalation here."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest
import structlog
from pydantic import SecretStr

from alerts import Alerts, AlertState, ChannelSettings, Evidence, MemoryAlerts, Policy
from alerts.channels import open_channels
from alerts.incidents import Acknowledged
from alerts.incidents.opsgenie import NotifyOpsgenieAlerts
from alerts.incidents.pagerduty import NotifyPagerDutyEvents
from alerts.postgres import PostgresAlerts
from alerts.postgres_outbox import PostgresOutbox
from monitor.acknowledging import IncidentAnswers
from tests.alerts.house import ManualClock, RecordingObserver, new_room, prompt
from tests.alerts.incidents.doubles import API_KEY, ROUTING_KEY, TOKEN, Double, Opsgenie, PagerDuty, running
from tests.monitor.cli.alerts.fired import finding
from thresholds import Finding, Level, load_routing

PERSON = "Ada Lovelace"


@dataclass(frozen=True, slots=True)
class Room:
    """Alerts that are told to services with incidents, and who asks those back."""

    alerts: Alerts
    answers: IncidentAnswers
    clock: ManualClock
    deliver: Callable[[], Coroutine[Any, Any, int]]

    async def tell(self, *findings: Finding) -> list[str]:
        """One evaluation and its messages; the ids of the alerts of those findings."""
        await self.alerts.record(findings)
        await self.deliver()
        ids = {record.alert.series: record.alert.id for record in await self.alerts.list_alerts()}
        return [ids[one.series] for one in findings]

    async def state(self, alert_id: str) -> tuple[AlertState, str | None]:
        """Where it stands, and who has it."""
        record = await self.alerts.find_alert(alert_id)
        assert record is not None
        return record.alert.state, record.alert.acknowledged_by

    async def reasons(self) -> list[str]:
        """What the clock makes of all alerts now."""
        return [one.reason.value for one in await self.alerts.advance()]


def url_of(service: Double) -> str:
    """Where a channel sends to."""
    if isinstance(service, PagerDuty):
        return f"pagerdutyevents://{ROUTING_KEY}?token={TOKEN}&endpoint={service.address}"
    return f"opsgeniealerts://{API_KEY}/?endpoint={service.address}"


@asynccontextmanager
async def room(**services: Double) -> AsyncIterator[Room]:
    """A room with a channel to each of these services; an underscore in a name is a dash."""
    async with AsyncExitStack() as stack:
        for one in services.values():
            await stack.enter_async_context(running(one))
        channels = {
            name.replace("_", "-"): ChannelSettings(url=SecretStr(url_of(one))) for name, one in services.items()
        }
        clock, observer = ManualClock(), RecordingObserver()
        clock.instant = datetime.now(UTC)  # the services have the clock of this machine
        policy = Policy(prompt(load_routing()), channels, lambda _: Evidence(1, 1))
        memory = MemoryAlerts(policy, "test")
        worker, alerts = new_room(memory, memory, policy, clock, observer)
        client = await stack.enter_async_context(httpx.AsyncClient())
        answers = IncidentAnswers(alerts, open_channels(channels, observer), client, clock)
        yield Room(alerts, answers, clock, worker.run_once)


def acknowledge(service: Double, alert_id: str, action: str = "acknowledge") -> None:
    """Ada does that there."""
    if isinstance(service, PagerDuty):
        incident = service.open_incident(alert_id)
        assert incident is not None
        incident.change({"acknowledge": "acknowledged", "close": "resolved"}[action], service.person(PERSON))
    elif isinstance(service, Opsgenie):
        alert = service.open_alert(alert_id)
        assert alert is not None
        alert.change(action, PERSON)


def questions(service: Double) -> int:
    """How often it was asked."""
    return sum(one.method == "GET" for one in service.requests)


@pytest.fixture(autouse=True)
def no_throttle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages go out as fast as they come."""
    for plugin in (NotifyPagerDutyEvents, NotifyOpsgenieAlerts):
        monkeypatch.setattr(plugin, "request_rate_per_sec", 0)


BOTH = pytest.mark.parametrize("kind", [PagerDuty, Opsgenie])
CRITICAL = finding(Level.CRITICAL)


@BOTH
@pytest.mark.parametrize("action", ["acknowledge", "close"])
def test_an_acknowledgement_there_stops_the_escalation_here(kind: type[Double], action: str) -> None:
    """With the name of whoever did it; what nobody took there climbs after 15 minutes as ever."""

    async def scenario() -> None:
        service = kind()
        async with room(slack_critical=service) as here:
            taken, other = await here.tell(CRITICAL, finding(Level.CRITICAL, "q.c"))
            await here.answers.look()
            assert await here.state(taken) == (AlertState.FIRING, None)
            acknowledge(service, taken, action)
            await here.clock.move(seconds=30)
            await here.answers.look()
            state, by = await here.state(taken)
            assert (state, by and by.startswith(PERSON)) == (AlertState.ACKNOWLEDGED, True)
            await here.clock.move(minutes=20)
            (step,) = await here.alerts.advance()
            assert step.after is not None
            assert (step.reason, step.after.id) == ("escalated", other)

    asyncio.run(scenario())


@BOTH
def test_nothing_is_asked_of_what_is_answered_or_was_told_elsewhere(kind: type[Double]) -> None:
    """One question for each alert that the channel was told of and nobody has in hand."""

    async def scenario() -> None:
        service, elsewhere = kind(), PagerDuty()
        async with room(slack_critical=service, slack_alerts=elsewhere) as here:
            first, _, _ = await here.tell(CRITICAL, finding(Level.CRITICAL, "q.c"), finding(Level.WARNING, "q.d"))
            await here.alerts.acknowledge(first, "bob")
            await here.answers.look()
            assert (questions(service), questions(elsewhere)) == (1, 1)
            await here.alerts.record([finding(Level.OK, series) for series in ("q.b", "q.c", "q.d")])
            await here.answers.look()
            assert (questions(service), questions(elsewhere)) == (1, 1)

    asyncio.run(scenario())


def test_a_service_that_is_away_is_not_in_the_way_of_another() -> None:
    """It is said, without a key, and asked again in the next round."""

    async def scenario() -> None:
        away, there = PagerDuty(), Opsgenie()
        async with room(slack_critical=away, sms_on_call=there) as here:
            (alert_id,) = await here.tell(CRITICAL)
            acknowledge(there, alert_id)
            away.drops = True
            with structlog.testing.capture_logs() as log:
                await here.answers.look()
            assert (await here.state(alert_id))[0] is AlertState.ACKNOWLEDGED
            (line,) = log
            assert (line["event"], line["channel"]) == ("acknowledgements could not be asked for", "slack-critical")
            assert [secret for secret in (TOKEN, "RestT0ken", ROUTING_KEY, API_KEY) if secret in str(log)] == []

    asyncio.run(scenario())


@BOTH
def test_an_acknowledgement_counts_once(kind: type[Double]) -> None:
    """The service still has it when ours has expired and the alert has opened again: it was before that."""

    async def scenario() -> None:
        service = kind()
        async with room(slack_critical=service) as here:
            (alert_id,) = await here.tell(CRITICAL)
            acknowledge(service, alert_id)
            await here.clock.move(seconds=30)
            await here.answers.look()
            await here.clock.move(hours=1, seconds=1)
            assert await here.reasons() == ["reopened"]
            await here.answers.look()
            assert (await here.state(alert_id))[0] is AlertState.FIRING
            assert questions(service) == 2

    asyncio.run(scenario())


def test_an_acknowledgement_is_of_what_was_told_before_it() -> None:
    """What was said before the alert got worse does not count; a time that a service does not give is now; what is
    over, acknowledged or unknown stays as it is.
    """

    async def scenario() -> None:
        async with room(slack_critical=PagerDuty()) as here:
            (alert_id,) = await here.tell(finding(Level.WARNING))
            await here.clock.move(minutes=5)
            before = here.clock.now() - timedelta(seconds=1)
            await here.tell(CRITICAL)
            assert not await here.answers.take(Acknowledged(alert_id, PERSON, before))
            assert (await here.state(alert_id))[0] is AlertState.FIRING
            assert await here.answers.take(Acknowledged(alert_id, PERSON, None))
            assert await here.state(alert_id) == (AlertState.ACKNOWLEDGED, PERSON)
            assert not await here.answers.take(Acknowledged(alert_id, "somebody else", None))
            assert await here.state(alert_id) == (AlertState.ACKNOWLEDGED, PERSON)
            await here.alerts.record([finding(Level.OK)])
            for known in (alert_id, "0" * 12, "", "somebody else's incident"):
                assert not await here.answers.take(Acknowledged(known, PERSON, None))
            assert (await here.state(alert_id))[0] is AlertState.RESOLVED

    asyncio.run(scenario())


def test_what_can_be_no_alert_is_not_looked_for(store: str) -> None:
    """A name that the store can't even be asked for is nobody's, and no fault of the store."""

    async def scenario() -> None:
        async with asyncpg.create_pool(store, min_size=1) as pool, httpx.AsyncClient() as client:
            answers = IncidentAnswers(_on(pool), {}, client, ManualClock())
            assert not await answers.take(Acknowledged("a\x00b", PERSON, None))

    asyncio.run(scenario())


def test_without_such_a_channel_nothing_is_asked(store: str) -> None:
    """Not even the store, which is away here; with one, a store that is away leaves it at that."""

    async def scenario() -> None:
        pool = await asyncpg.create_pool(store, min_size=1)
        await pool.close()
        service = PagerDuty()
        async with running(service), httpx.AsyncClient() as client:
            settings = {"pager": ChannelSettings(url=SecretStr(url_of(service)))}
            channels = open_channels(settings, RecordingObserver())
            await IncidentAnswers(_on(pool), channels, client, ManualClock()).look()
            assert service.requests == []
        json = open_channels({"a": ChannelSettings(url=SecretStr("json://127.0.0.1:1"))}, RecordingObserver())
        nobody: Any = None  # who is never asked
        await IncidentAnswers(nobody, json, httpx.AsyncClient(), ManualClock()).look()

    asyncio.run(scenario())


def _on(pool: "asyncpg.Pool[asyncpg.Record]") -> Alerts:
    policy = Policy(load_routing(), {}, lambda _: Evidence(1, 1))
    store, outbox = PostgresAlerts(pool, policy), PostgresOutbox(pool, policy, "test")
    return new_room(store, outbox, policy, ManualClock(), RecordingObserver())[1]
