"""PagerDuty's events: one incident per alert, whoever sends and however often."""

import asyncio
from io import StringIO
from typing import Any

import pytest
from apprise import Apprise, NotifyType

from alerts.incidents import Incident, IncidentAction
from alerts.incidents.pagerduty import NotifyPagerDutyEvents
from tests.alerts.incidents.doubles import OTHER_ROUTING_KEY, ROUTING_KEY, TOKEN, Answer, PagerDuty, Request, running
from tests.alerts.incidents.telling import ACKNOWLEDGE, ALERT, RECORD, RESOLVE, TRIGGER, Told, pagerduty_line

SECRETS = (ROUTING_KEY, TOKEN, "RestT0kenSecret")


def test_an_alert_is_one_incident_from_its_first_message_to_its_end() -> None:
    """Problem, reminder and escalation join one incident under the alert's id; an acknowledgement and the end change
    it, and nothing else is opened.
    """

    async def scenario() -> None:
        async with running(PagerDuty()) as service:
            line = pagerduty_line(service)
            for incident, status in (
                (TRIGGER, "triggered"),
                (TRIGGER, "triggered"),
                (ACKNOWLEDGE, "acknowledged"),
                (TRIGGER, "acknowledged"),
                (RESOLVE, "resolved"),
            ):
                assert await line.tell(incident) == Told(True, "")
                assert service.statuses() == [(ALERT, status)]
            assert service.incidents[0].log == ["trigger", "trigger", "acknowledge", "trigger", "resolve"]

    asyncio.run(scenario())


def test_another_process_speaks_of_the_same_incident() -> None:
    """The end of an alert that another process began, or this one before it was restarted, closes its incident."""

    async def scenario() -> None:
        async with running(PagerDuty()) as service:
            await pagerduty_line(service).tell(TRIGGER)
            await pagerduty_line(service).tell(RESOLVE, title="RESOLVED: probe/login", tone=NotifyType.SUCCESS)
            assert service.statuses() == [(ALERT, "resolved")]

    asyncio.run(scenario())


def test_a_trigger_after_the_end_opens_another_incident() -> None:
    """What was resolved there by a person and goes on is told anew."""

    async def scenario() -> None:
        async with running(PagerDuty()) as service:
            line = pagerduty_line(service)
            for incident in (TRIGGER, RESOLVE, TRIGGER):
                await line.tell(incident)
            assert service.statuses() == [(ALERT, "resolved"), (ALERT, "triggered")]

    asyncio.run(scenario())


@pytest.mark.parametrize("incident", [ACKNOWLEDGE, RESOLVE])
def test_an_end_of_what_is_not_known_there_is_taken_and_opens_nothing(incident: Incident) -> None:
    """Nobody has to be told again of what is not open."""

    async def scenario() -> None:
        async with running(PagerDuty()) as service:
            assert (await pagerduty_line(service).tell(incident)).taken
            assert service.statuses() == []

    asyncio.run(scenario())


def test_what_fired_and_cleared_unheard_is_on_record() -> None:
    """An alert that ended before the service was told of it leaves an incident, which is closed."""

    async def scenario() -> None:
        async with running(PagerDuty()) as service:
            assert (await pagerduty_line(service).tell(RECORD, tone=NotifyType.SUCCESS)).taken
            assert service.statuses() == [(ALERT, "resolved")]
            assert service.incidents[0].trigger["payload"]["severity"] == "info"

    asyncio.run(scenario())


def test_what_is_recorded_by_half_is_a_failure() -> None:
    """Opened and not closed again: it is tried again, and joins what it opened."""

    async def scenario() -> None:
        async with running(PagerDuty()) as service:
            line = pagerduty_line(service)
            service.instead = lambda request: Answer(500) if b'"resolve"' in request.body else None
            assert not (await line.tell(RECORD)).taken
            service.instead = lambda _: None
            assert (await line.tell(RECORD)).taken
            assert service.statuses() == [(ALERT, "resolved")]

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("tone", "severity"),
    [
        (NotifyType.FAILURE, "critical"),
        (NotifyType.WARNING, "warning"),
        (NotifyType.INFO, "info"),
        (NotifyType.SUCCESS, "info"),
    ],
)
def test_the_title_is_the_summary_and_the_body_a_detail(tone: NotifyType, severity: str) -> None:
    """People read one line first; how bad it is comes from the tone."""

    async def scenario() -> None:
        async with running(PagerDuty()) as service:
            await pagerduty_line(service).tell(TRIGGER, title="probe/login 12 s", body="It is slow\nvery", tone=tone)
            [event] = service.events
            assert event == {
                "routing_key": ROUTING_KEY,
                "event_action": "trigger",
                "dedup_key": ALERT,
                "client": "portalwatch",
                "payload": {
                    "summary": "probe/login 12 s",
                    "severity": severity,
                    "source": "probe/login",
                    "custom_details": {"message": "It is slow\nvery"},
                },
            }

    asyncio.run(scenario())


@pytest.mark.parametrize(("incident", "action"), [(ACKNOWLEDGE, "acknowledge"), (RESOLVE, "resolve")])
def test_an_end_names_the_incident_and_nothing_else(incident: Incident, action: str) -> None:
    """As PagerDuty's own examples do."""

    async def scenario() -> None:
        async with running(PagerDuty()) as service:
            await pagerduty_line(service).tell(incident)
            assert service.events == [{"routing_key": ROUTING_KEY, "event_action": action, "dedup_key": ALERT}]

    asyncio.run(scenario())


def test_a_long_message_fits() -> None:
    """A title is cut at 1024 letters; one that is not there is made of the body."""

    async def scenario() -> None:
        async with running(PagerDuty()) as service:
            line = pagerduty_line(service)
            assert (await line.tell(TRIGGER, title="ä" * 2000, body="slow")).taken
            assert (await line.tell(TRIGGER, title="", body="slow" * 1000)).taken
            assert [len(event["payload"]["summary"]) for event in service.events] == [1024, 1024]

    asyncio.run(scenario())


def test_a_message_of_no_alert_opens_an_incident_of_its_own() -> None:
    """A test of the channel arrives as well, each time."""

    async def scenario() -> None:
        async with running(PagerDuty()) as service:
            line = pagerduty_line(service)
            await line.tell(None)
            await line.tell(None)
            assert [status for _, status in service.statuses()] == ["triggered", "triggered"]
            assert service.events[0]["payload"]["source"] == "portalwatch"

    asyncio.run(scenario())


@pytest.mark.parametrize("deadline_of_apprise", [False, True])
def test_messages_side_by_side_keep_their_own_identity(deadline_of_apprise: bool) -> None:
    """Twenty alerts told at a time by one channel are twenty incidents, in Apprise's own threads too."""

    async def scenario() -> None:
        async with running(PagerDuty()) as service:
            line = pagerduty_line(service, deadline_of_apprise=deadline_of_apprise)
            names = [f"alert-{number}" for number in range(20)]
            await asyncio.gather(
                *(line.tell(Incident(name, IncidentAction.TRIGGER, "probe/login"), title=name) for name in names)
            )
            told = {event["dedup_key"]: event["payload"]["summary"] for event in service.events}
            assert told == {name: name for name in names}

    asyncio.run(scenario())


def test_services_of_other_keys_are_apart() -> None:
    """Two channels with a routing key each tell two services of one alert; the end of it is told to each."""

    async def scenario() -> None:
        async with running(PagerDuty()) as service:
            first, second = pagerduty_line(service), pagerduty_line(service, routing_key=OTHER_ROUTING_KEY)
            await first.tell(TRIGGER)
            await second.tell(TRIGGER)
            await first.tell(RESOLVE)
            assert service.statuses() == [(ALERT, "resolved"), (ALERT, "triggered")]

    asyncio.run(scenario())


def _echo(request: Request) -> Answer:
    """A service that says what it was sent."""
    return Answer(400, {"status": "invalid event", "message": request.body.decode(), "errors": [TOKEN, ROUTING_KEY]})


@pytest.mark.parametrize(
    ("instead", "words"),
    [
        (lambda _: Answer(429, {"message": "Request Limit Exceeded"}), ("429", "Request Limit Exceeded")),
        (lambda _: Answer(500, b"<html>"), ("500",)),
        (lambda _: Answer(200, b""), ("200",)),
        (_echo, ("400", "***")),
    ],
)
def test_what_is_not_accepted_is_a_failure_without_a_secret(
    instead: Any, words: tuple[str, ...], log: StringIO
) -> None:
    """Only 202 is a delivery; why it was none is told, and no key is, whatever the service echoes."""

    async def scenario() -> Told:
        async with running(PagerDuty()) as service:
            service.instead = instead
            return await pagerduty_line(service).tell(TRIGGER)

    told = asyncio.run(scenario())
    assert not told.taken
    assert [word for word in words if word not in told.said] == []
    assert [secret for secret in SECRETS if secret in told.said + log.getvalue()] == []


def test_a_wrong_routing_key_is_a_failure_that_says_so(log: StringIO) -> None:
    """What PagerDuty finds wrong with an event is read by people."""

    async def scenario() -> Told:
        async with running(PagerDuty()) as service:
            return await pagerduty_line(service, routing_key="R0uTingKeyMistyped").tell(TRIGGER)

    told = asyncio.run(scenario())
    assert not told.taken
    assert "400" in told.said
    assert "Event object is invalid" in told.said
    assert "R0uTingKeyMistyped" not in told.said + log.getvalue()


def test_a_connection_that_ends_is_a_failure(log: StringIO) -> None:
    """Whether it arrived is unknown, so it is told again; the incident is the same."""

    async def scenario() -> None:
        async with running(PagerDuty()) as service:
            service.drops = True
            told = await pagerduty_line(service).tell(TRIGGER)
            assert not told.taken
            assert "PagerDuty can't be reached" in told.said
            assert [secret for secret in SECRETS if secret in told.said + log.getvalue()] == []

    asyncio.run(scenario())


def test_the_key_goes_nowhere_else() -> None:
    """A redirection is a failure, and is not followed."""

    async def scenario() -> None:
        async with running(PagerDuty()) as service, running(PagerDuty()) as elsewhere:
            moved = {"Location": f"{elsewhere.address}/v2/enqueue"}
            service.instead = lambda _: Answer(307, None, moved)
            assert not (await pagerduty_line(service).tell(TRIGGER)).taken
            assert elsewhere.requests == []

    asyncio.run(scenario())


def test_no_secret_is_shown() -> None:
    """Neither the routing key nor the token is in what Apprise shows of a service."""
    plugin = Apprise.instantiate(f"pagerdutyevents://{ROUTING_KEY}?token={TOKEN}")
    assert isinstance(plugin, NotifyPagerDutyEvents)
    shown = repr(plugin) + str(plugin) + plugin.url(privacy=True)
    assert [secret for secret in SECRETS if secret in shown] == []


def test_the_url_can_be_read_back() -> None:
    """What Apprise writes down of a service is the same service."""
    plugin = Apprise.instantiate(
        f"pagerdutyevents://{ROUTING_KEY}?token={TOKEN}&region=eu&endpoint=http://relay:81/pd/"
    )
    assert isinstance(plugin, NotifyPagerDutyEvents)
    again = Apprise.instantiate(plugin.url())
    assert isinstance(again, NotifyPagerDutyEvents)
    assert (again.token, again.addresses.events, again.url()) == (TOKEN, "http://relay:81/pd", plugin.url())


@pytest.mark.parametrize(
    ("region", "events", "rest"),
    [
        ("", "https://events.pagerduty.com", "https://api.pagerduty.com"),
        ("?region=us", "https://events.pagerduty.com", "https://api.pagerduty.com"),
        ("?region=eu", "https://events.eu.pagerduty.com", "https://api.eu.pagerduty.com"),
    ],
)
def test_a_region_has_its_own_addresses(region: str, events: str, rest: str) -> None:
    """An account lives in one of the two."""
    plugin = Apprise.instantiate(f"pagerdutyevents://{ROUTING_KEY}{region}")
    assert isinstance(plugin, NotifyPagerDutyEvents)
    assert (plugin.addresses.events, plugin.addresses.rest) == (events, rest)


@pytest.mark.parametrize(
    "url",
    [
        "pagerdutyevents://",
        f"pagerdutyevents://{ROUTING_KEY}?region=mars",
        f"pagerdutyevents://{ROUTING_KEY}?endpoint=ftp://relay",
        f"pagerdutyevents://{ROUTING_KEY}?endpoint=http://",
        f"pagerdutyevents://{ROUTING_KEY}?endpoint=http://relay:99999",
        f"pagerdutyevents://{ROUTING_KEY}?endpoint=http://[1",
        f"pagerdutyevents://{ROUTING_KEY}?endpoint=http://ada:pw@relay",
    ],
)
def test_a_url_that_cannot_be_used_is_found_at_once(url: str) -> None:
    """Not when the first alert is told."""
    assert Apprise.instantiate(url) is None
