"""Opsgenie's alerts: the alert's id is the alias, whoever sends and however often."""

import asyncio
from io import StringIO
from typing import Any

import pytest
from apprise import Apprise, NotifyType

from alerts.incidents import Incident, IncidentAction
from alerts.incidents.opsgenie import NotifyOpsgenieAlerts
from tests.alerts.incidents.doubles import API_KEY, Answer, Opsgenie, Request, running
from tests.alerts.incidents.telling import (
    ACKNOWLEDGE,
    ALERT,
    RECORD,
    RESOLVE,
    TRIGGER,
    Line,
    Told,
    opsgenie_line,
)


def test_an_alert_is_one_alert_there_from_its_first_message_to_its_end() -> None:
    """Problem, reminder and escalation count on one alert; an acknowledgement and the end change it."""

    async def scenario() -> None:
        async with running(Opsgenie()) as service:
            line = opsgenie_line(service)
            for incident in (TRIGGER, TRIGGER, ACKNOWLEDGE, TRIGGER):
                assert await line.tell(incident) == Told(True, "")
            [alert] = service.alerts
            assert (alert.alias, alert.count, list(alert.did)) == (ALERT, 3, ["acknowledge"])
            assert (await line.tell(RESOLVE, body="It lasted 3 min", tone=NotifyType.SUCCESS)).taken
            assert service.alerts == [alert]
            assert (alert.closed, alert.notes[-1]) == (True, "It lasted 3 min")

    asyncio.run(scenario())


def test_another_process_speaks_of_the_same_alert() -> None:
    """The end of an alert that another process began, or this one before it was restarted, closes it."""

    async def scenario() -> None:
        async with running(Opsgenie()) as service:
            await opsgenie_line(service).tell(TRIGGER)
            await opsgenie_line(service).tell(RESOLVE, title="RESOLVED: probe/login", tone=NotifyType.SUCCESS)
            assert [(one.alias, one.closed) for one in service.alerts] == [(ALERT, True)]

    asyncio.run(scenario())


def test_apprises_own_loses_the_alert(monkeypatch: pytest.MonkeyPatch) -> None:
    """Why there is a plugin of ours: with Apprise's own the end of an alert closes nothing and passes for a success."""

    async def scenario() -> None:
        async with running(Opsgenie()) as service:
            address = {"us": f"{service.address}/v2/alerts"}
            monkeypatch.setattr("apprise.plugins.opsgenie.OPSGENIE_API_LOOKUP", address)
            await Line(f"opsgenie://{API_KEY}").tell(TRIGGER)
            told = await Line(f"opsgenie://{API_KEY}").tell(RESOLVE, title="RESOLVED", tone=NotifyType.SUCCESS)
            assert told.taken
            assert [one.closed for one in service.alerts] == [False]

    asyncio.run(scenario())


def test_a_trigger_after_the_end_opens_another_alert() -> None:
    """What was closed there by a person and goes on is told anew."""

    async def scenario() -> None:
        async with running(Opsgenie()) as service:
            line = opsgenie_line(service)
            for incident in (TRIGGER, RESOLVE, TRIGGER):
                await line.tell(incident)
            assert [(one.alias, one.closed) for one in service.alerts] == [(ALERT, True), (ALERT, False)]

    asyncio.run(scenario())


@pytest.mark.parametrize("status", [202, 404])
@pytest.mark.parametrize("incident", [ACKNOWLEDGE, RESOLVE])
def test_an_end_of_what_is_not_known_there_is_taken(incident: Incident, status: int) -> None:
    """It answers 202 and finds nothing afterwards; one that finds out at once has nothing to be told again either."""

    async def scenario() -> None:
        async with running(Opsgenie()) as service:
            service.instead = lambda _: Answer(status, {"message": "Alert does not exist"}) if status == 404 else None
            assert (await opsgenie_line(service).tell(incident)).taken
            assert service.alerts == []

    asyncio.run(scenario())


def test_what_fired_and_cleared_unheard_is_on_record() -> None:
    """An alert that ended before the service was told of it is there, and closed."""

    async def scenario() -> None:
        async with running(Opsgenie()) as service:
            assert (await opsgenie_line(service).tell(RECORD, tone=NotifyType.SUCCESS)).taken
            assert [(one.alias, one.closed) for one in service.alerts] == [(ALERT, True)]

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("tone", "priority", "fixed"),
    [
        (NotifyType.FAILURE, "P1", "P2"),
        (NotifyType.WARNING, "P3", "P2"),
        (NotifyType.INFO, "P5", "P2"),
        (NotifyType.SUCCESS, "P5", "P2"),
    ],
)
def test_the_priority_follows_the_tone_unless_the_url_has_one(tone: NotifyType, priority: str, fixed: str) -> None:
    """Two levels of ours are two of theirs; a channel of one tier may have the tier's."""

    async def scenario() -> None:
        async with running(Opsgenie()) as service:
            await opsgenie_line(service).tell(TRIGGER, tone=tone)
            assert service.alerts[0].body["priority"] == priority
            await opsgenie_line(service, "&priority=p2").tell(
                Incident("other", IncidentAction.TRIGGER, "probe/login"), tone=tone
            )
            assert service.alerts[1].body["priority"] == fixed

    asyncio.run(scenario())


def test_what_the_url_says_is_told() -> None:
    """Responders are named in one request, for a second one would count as a repetition; tags, entity, details and the
    user are Apprise's as well.
    """

    async def scenario() -> None:
        async with running(Opsgenie()) as service:
            url = f"opsgeniealerts://bob@{API_KEY}/@ada/#ops/*night?tags=a,b&entity=portal&+room=7"
            line = Line(f"{url}&endpoint={service.address}")
            await line.tell(TRIGGER, title="probe/login 12 s", body="It is slow")
            [alert] = service.alerts
            responders = alert.body.pop("responders")
            assert sorted(responders, key=lambda one: str(one["type"])) == [
                {"type": "schedule", "name": "night"},
                {"type": "team", "name": "ops"},
                {"type": "user", "username": "ada"},
            ]
            assert alert.body == {
                "message": "probe/login 12 s",
                "description": "It is slow",
                "alias": ALERT,
                "source": "probe/login",
                "priority": "P1",
                "tags": ["a", "b"],
                "entity": "portal",
                "details": {"room": "7"},
                "user": "bob",
            }
            await line.tell(RESOLVE)
            assert alert.did["close"][0] == "bob"

    asyncio.run(scenario())


def test_a_long_message_fits() -> None:
    """The message is cut at 130 letters and the description at 15000, as they would be refused."""

    async def scenario() -> None:
        async with running(Opsgenie()) as service:
            line = opsgenie_line(service)
            assert (await line.tell(TRIGGER, title="ä" * 500, body="slow" * 10_000)).taken
            body = service.alerts[0].body
            assert (len(body["message"]), len(body["description"])) == (130, 15000)

    asyncio.run(scenario())


def test_a_message_of_no_alert_is_an_alert_of_its_own() -> None:
    """A test of the channel arrives as well, each time."""

    async def scenario() -> None:
        async with running(Opsgenie()) as service:
            line = opsgenie_line(service)
            await line.tell(None)
            await line.tell(None)
            assert [one.closed for one in service.alerts] == [False, False]

    asyncio.run(scenario())


def test_messages_side_by_side_keep_their_own_identity() -> None:
    """Twenty alerts told at a time by one channel are twenty alerts there."""

    async def scenario() -> None:
        async with running(Opsgenie()) as service:
            line = opsgenie_line(service)
            names = [f"alert/{number} ü" for number in range(20)]
            await asyncio.gather(*(line.tell(Incident(one, IncidentAction.TRIGGER, "x"), title=one) for one in names))
            await asyncio.gather(*(line.tell(Incident(one, IncidentAction.RESOLVE, "x")) for one in names[:10]))
            assert {one.alias: one.body["message"] for one in service.alerts} == {name: name for name in names}
            assert {one.alias for one in service.alerts if one.closed} == set(names[:10])

    asyncio.run(scenario())


def _echo(request: Request) -> Answer:
    """A service that says what it was sent."""
    return Answer(422, {"message": str(request.headers), "took": 0.1, "requestId": "x"})


@pytest.mark.parametrize(
    ("instead", "words"),
    [
        (lambda _: Answer(429, {"message": "TooManyRequests"}), ("429", "TooManyRequests")),
        (lambda _: Answer(401, {"message": "Could not authenticate"}), ("401", "Could not authenticate")),
        (lambda _: Answer(404, {"message": "Not found"}), ("404",)),
        (lambda _: Answer(500, b"<html>"), ("500",)),
        (lambda _: Answer(200, b""), ("200",)),
        (_echo, ("422", "GenieKey ***")),
    ],
)
def test_what_is_not_accepted_is_a_failure_without_a_secret(
    instead: Any, words: tuple[str, ...], log: StringIO
) -> None:
    """Only 202 is a delivery; why it was none is told, and the key is not, whatever the service echoes."""

    async def scenario() -> Told:
        async with running(Opsgenie()) as service:
            service.instead = instead
            return await opsgenie_line(service).tell(TRIGGER)

    told = asyncio.run(scenario())
    assert not told.taken
    assert [word for word in words if word not in told.said] == []
    assert API_KEY not in told.said + log.getvalue()


def test_a_connection_that_ends_is_a_failure(log: StringIO) -> None:
    """Whether it arrived is unknown, so it is told again; the alert is the same."""

    async def scenario() -> None:
        async with running(Opsgenie()) as service:
            service.drops = True
            told = await opsgenie_line(service).tell(RESOLVE)
            assert not told.taken
            assert "Opsgenie can't be reached" in told.said
            assert API_KEY not in told.said + log.getvalue()

    asyncio.run(scenario())


def test_no_secret_is_shown() -> None:
    """The key is not in what Apprise shows of a service."""
    plugin = Apprise.instantiate(f"opsgeniealerts://{API_KEY}/@ada?endpoint=http://127.0.0.1:81")
    assert isinstance(plugin, NotifyOpsgenieAlerts)
    assert API_KEY not in repr(plugin) + str(plugin) + plugin.url(privacy=True)


@pytest.mark.parametrize(
    ("more", "where"),
    [
        ("", "https://api.opsgenie.com/v2/alerts"),
        ("?region=eu", "https://api.eu.opsgenie.com/v2/alerts"),
        (
            "?endpoint=https://api.atlassian.com/jsm/ops/integration",
            "https://api.atlassian.com/jsm/ops/integration/v2/alerts",
        ),
    ],
)
def test_a_url_leads_where_it_says(more: str, where: str) -> None:
    """To a region, or to an endpoint; and so does what Apprise writes down of it."""
    plugin = Apprise.instantiate(f"opsgeniealerts://{API_KEY}/{more}")
    assert isinstance(plugin, NotifyOpsgenieAlerts)
    again = Apprise.instantiate(plugin.url())
    assert isinstance(again, NotifyOpsgenieAlerts)
    assert (plugin.alerts_url, again.alerts_url) == (where, where)


@pytest.mark.parametrize(
    "url",
    ["opsgeniealerts://", f"opsgeniealerts://{API_KEY}?region=mars", f"opsgeniealerts://{API_KEY}?endpoint=file:///x"],
)
def test_a_url_that_cannot_be_used_is_found_at_once(url: str) -> None:
    """Not when the first alert is told."""
    assert Apprise.instantiate(url) is None
