"""Statement 19: services with incidents of their own keep an alert's identity, through its whole life."""

import asyncio

import pytest
from pydantic import SecretStr

from alerts import Alerts, ChannelSettings, DeliveryWorker, MemoryAlerts
from alerts.book import Book
from alerts.incidents.opsgenie import NotifyOpsgenieAlerts
from alerts.incidents.pagerduty import NotifyPagerDutyEvents
from tests.alerts.house import ManualClock, RecordingObserver, finding, new_room, policy_for_tests
from tests.alerts.incidents.doubles import API_KEY, ROUTING_KEY, TOKEN, Answer, Double, Opsgenie, PagerDuty, running
from thresholds.finding import Level, Rule
from thresholds.routing import Routing

SERVICES = [
    (PagerDuty, f"pagerdutyevents://{ROUTING_KEY}?token={TOKEN}"),
    (Opsgenie, f"opsgeniealerts://{API_KEY}/?region=us"),
]


@pytest.fixture(autouse=True)
def _no_throttle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages go out as fast as they come."""
    for plugin in (NotifyPagerDutyEvents, NotifyOpsgenieAlerts):
        monkeypatch.setattr(plugin, "request_rate_per_sec", 0)


def incidents(service: Double) -> list[tuple[str, bool]]:
    """Identity of each incident there is or was, and whether it is open."""
    if isinstance(service, PagerDuty):
        return [(key, status != "resolved") for key, status in service.statuses()]
    assert isinstance(service, Opsgenie)
    return [(one.alias, not one.closed) for one in service.alerts]


def room(routing: Routing, service: Double, url: str, clock: ManualClock, book: Book) -> tuple[DeliveryWorker, Alerts]:
    """A process's room on what is kept, whose tiers 2 and 3 tell the service."""
    channel = ChannelSettings(url=SecretStr(f"{url}&endpoint={service.address}"))
    policy = policy_for_tests(routing, {"slack-alerts": channel, "slack-critical": channel}, {})
    memory = MemoryAlerts(policy, "here", book)
    return new_room(memory, memory, policy, clock, RecordingObserver())


@pytest.mark.parametrize(("kind", "url"), SERVICES, ids=["PagerDuty", "Opsgenie"])
def test_statement_19_an_alert_is_one_incident_from_the_first_message_to_the_end(
    kind: type[Double], url: str, routing: Routing
) -> None:
    """Told and escalated it stays one incident under the alert's id, over a restart of ours as well, and its end
    closes it; three alerts of one cause are three incidents, and not one message.
    """

    async def scenario() -> None:
        async with running(kind()) as service:
            clock, book = ManualClock(), Book()
            worker, alerts = room(routing, service, url, clock, book)
            names = [f"api_endpoints.{letter}" for letter in "abc"]
            await alerts.record([finding(series=name, rule=Rule.BASELINE) for name in names])
            await worker.run_once()
            ids = {one.alert.id for one in await alerts.list_alerts()}
            assert sorted(incidents(service)) == sorted((one, True) for one in ids)
            worker, alerts = room(routing, service, url, clock, book)
            await clock.move(hours=1)
            assert len(await alerts.advance()) == 3
            await worker.run_once()
            assert sorted(incidents(service)) == sorted((one, True) for one in ids)
            for _ in range(2):
                await alerts.record([finding(Level.OK, series=name, rule=Rule.BASELINE) for name in names])
            await worker.run_once()
            assert sorted(incidents(service)) == sorted((one, False) for one in ids)

    asyncio.run(scenario())


@pytest.mark.parametrize(("kind", "url"), SERVICES, ids=["PagerDuty", "Opsgenie"])
def test_statement_19_what_fired_and_cleared_while_the_service_was_down_is_on_record_there(
    kind: type[Double], url: str, routing: Routing
) -> None:
    """Of an alert whose beginning never arrived the service has a closed incident afterwards, and none that is open."""

    async def scenario() -> None:
        async with running(kind()) as service:
            clock = ManualClock()
            worker, alerts = room(routing, service, url, clock, Book())
            service.instead = lambda _: Answer(503, {})
            await alerts.record([finding(rule=Rule.BASELINE)])
            await worker.run_once()
            for _ in range(2):
                await alerts.record([finding(Level.OK, rule=Rule.BASELINE)])
            await worker.run_once()
            service.instead = lambda _: None
            await clock.move(minutes=1)
            await worker.run_once()
            [record] = await alerts.list_alerts()
            assert incidents(service) == [(record.alert.id, False)]

    asyncio.run(scenario())


@pytest.mark.parametrize(("kind", "url"), SERVICES, ids=["PagerDuty", "Opsgenie"])
def test_statement_19_what_is_acknowledged_here_is_acknowledged_there(
    kind: type[Double], url: str, routing: Routing
) -> None:
    """The service hears who has it in hand, and of nobody else's channels does anybody."""

    async def scenario() -> None:
        async with running(kind()) as service:
            clock = ManualClock()
            worker, alerts = room(routing, service, url, clock, Book())
            await alerts.record([finding(rule=Rule.BASELINE)])
            await worker.run_once()
            [record] = await alerts.list_alerts()
            await alerts.acknowledge(record.alert.id, "ada")
            assert await worker.run_once() == 1
            if isinstance(service, PagerDuty):
                assert service.statuses() == [(record.alert.id, "acknowledged")]
            else:
                assert isinstance(service, Opsgenie)
                assert [list(one.did) for one in service.alerts] == [["acknowledge"]]

    asyncio.run(scenario())
