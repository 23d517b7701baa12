"""Acknowledgements read back from PagerDuty and Opsgenie: who has it in hand there, asked politely."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime
from io import StringIO
from typing import Any

import httpx
import pytest
from apprise import Apprise

from alerts.incidents import Incident, IncidentAction, IncidentServiceError
from alerts.incidents.plugin import incident_channel, poller_of
from alerts.incidents.poller import ANSWER_BYTES, QUESTIONS, ROUND_SECONDS, AcknowledgementPoller
from tests.alerts.house import ManualClock
from tests.alerts.incidents.doubles import (
    API_KEY,
    OTHER_ROUTING_KEY,
    ROUTING_KEY,
    TOKEN,
    Answer,
    Double,
    Opsgenie,
    PagerDuty,
    Request,
    running,
)
from tests.alerts.incidents.telling import ACKNOWLEDGE, ALERT, RESOLVE, TRIGGER, Line, opsgenie_line, pagerduty_line


@dataclass
class Watch:
    """A service, the way to it, and who asks it."""

    service: Double
    line: Line
    clock: ManualClock
    poller: AcknowledgementPoller

    @property
    def asked(self) -> list[Request]:
        """What it was asked."""
        return [one for one in self.service.requests if one.method == "GET"]


@asynccontextmanager
async def watching(service: Double, line_to: Callable[[Any], Line]) -> AsyncIterator[Watch]:
    """A service that is told of alerts, and asked about them."""
    async with running(service), httpx.AsyncClient() as client:
        line, clock = line_to(service), ManualClock()
        poller = poller_of(line.plugin, client, clock)
        assert poller is not None
        yield Watch(service, line, clock, poller)


@asynccontextmanager
async def watching_pagerduty() -> AsyncIterator[tuple[Watch, PagerDuty]]:
    """PagerDuty."""
    service = PagerDuty()
    async with watching(service, pagerduty_line) as watch:
        yield watch, service


@asynccontextmanager
async def watching_opsgenie() -> AsyncIterator[tuple[Watch, Opsgenie]]:
    """Opsgenie."""
    service = Opsgenie()
    async with watching(service, opsgenie_line) as watch:
        yield watch, service


BOTH = pytest.mark.parametrize("watched", [watching_pagerduty, watching_opsgenie])


def run(scenario: Coroutine[Any, Any, None]) -> None:
    """To its end."""
    asyncio.run(scenario)


def trigger(alert_id: str) -> Incident:
    """The first message of an alert."""
    return Incident(alert_id, IncidentAction.TRIGGER, "probe/login")


@pytest.mark.parametrize("status", ["acknowledged", "resolved"])
def test_an_acknowledgement_at_pagerduty_comes_back(status: str) -> None:
    """With who it was and when; an incident that somebody resolved there counts too."""

    async def scenario() -> None:
        async with watching_pagerduty() as (watch, service):
            await watch.line.tell(TRIGGER)
            await watch.line.tell(trigger("other"))
            assert await watch.poller.acknowledged({ALERT, "other"}) == []
            incident = service.open_incident(ALERT)
            assert incident is not None
            incident.change(status, service.person("Ada Lovelace"))
            told = await watch.poller.acknowledged({ALERT, "other"})
            [one] = told
            assert (one.alert_id, one.by) == (ALERT, "Ada Lovelace (PagerDuty)")
            assert one.at is not None
            assert abs(one.at - incident.at) < timedelta(seconds=1)

    run(scenario())


def test_the_latest_acknowledgement_counts() -> None:
    """One that was there before an alert re-opened does not hide the one that came after."""

    async def scenario() -> None:
        async with watching_pagerduty() as (watch, service):
            await watch.line.tell(TRIGGER)
            [incident] = service.incidents
            for name in ("Ada", "Grace"):
                incident.change("acknowledged", service.person(name))
            [told] = await watch.poller.acknowledged([ALERT])
            assert told.by == "Grace (PagerDuty)"
            assert told.at is not None
            assert told.at > incident.at

    run(scenario())


@pytest.mark.parametrize("action", ["acknowledge", "close"])
def test_an_acknowledgement_at_opsgenie_comes_back(action: str) -> None:
    """With who it was and when; an alert that somebody closed there counts too."""

    async def scenario() -> None:
        async with watching_opsgenie() as (watch, service):
            await watch.line.tell(TRIGGER)
            await watch.line.tell(trigger("other"))
            assert await watch.poller.acknowledged({ALERT, "other"}) == []
            alert = service.open_alert(ALERT)
            assert alert is not None
            alert.change(action, "ada@corp.example")
            [told] = await watch.poller.acknowledged({ALERT, "other"})
            assert (told.alert_id, told.by) == (ALERT, "ada@corp.example (Opsgenie)")
            assert told.at is not None
            assert abs(told.at - alert.did[action][1]) <= timedelta(milliseconds=1)

    run(scenario())


@BOTH
def test_what_the_service_never_heard_of_is_not_acknowledged(watched: Callable[[], Any]) -> None:
    """An alert whose message is not there yet."""

    async def scenario() -> None:
        async with watched() as (watch, _):
            assert await watch.poller.acknowledged([ALERT]) == []
            assert len(watch.asked) == 1

    run(scenario())


@BOTH
def test_an_end_there_does_not_outlive_the_next_trigger(watched: Callable[[], Any]) -> None:
    """Of several incidents of one alert the latest counts."""

    async def scenario() -> None:
        async with watched() as (watch, _):
            for incident in (TRIGGER, RESOLVE, TRIGGER):
                await watch.line.tell(incident)
            assert await watch.poller.acknowledged([ALERT]) == []
            await watch.line.tell(ACKNOWLEDGE)
            assert [one.alert_id for one in await watch.poller.acknowledged([ALERT])] == [ALERT]

    run(scenario())


@pytest.mark.parametrize("service_id", ["PSERVICE1", "PSERVICE2"])
def test_an_acknowledgement_in_either_of_two_services_counts(service_id: str) -> None:
    """Where two channels tell two services of one account, each has an incident of the alert."""

    async def scenario() -> None:
        async with watching_pagerduty() as (watch, service):
            await watch.line.tell(TRIGGER)
            await pagerduty_line(service, routing_key=OTHER_ROUTING_KEY).tell(TRIGGER)
            incident = service.open_incident(ALERT, service_id)
            assert incident is not None
            incident.change("acknowledged", service.person("Ada"))
            assert [one.by for one in await watch.poller.acknowledged([ALERT])] == ["Ada (PagerDuty)"]

    run(scenario())


def test_an_alert_of_last_spring_is_found() -> None:
    """PagerDuty lists a month unless it is asked for all."""

    async def scenario() -> None:
        async with watching_pagerduty() as (watch, service):
            await watch.line.tell(TRIGGER)
            [incident] = service.incidents
            incident.created_at -= timedelta(days=200)
            incident.change("acknowledged", service.person("Ada"))
            assert len(await watch.poller.acknowledged([ALERT])) == 1

    run(scenario())


def test_nobody_is_asked_without_a_token() -> None:
    """Events need none, so it may be missing; then acknowledgements come by webhook alone."""

    async def scenario() -> None:
        async with httpx.AsyncClient() as client:
            without = Line(f"pagerdutyevents://{ROUTING_KEY}").plugin
            assert poller_of(without, client, ManualClock()) is None
            assert poller_of(Line("json://localhost").plugin, client, ManualClock()) is None

    run(scenario())


def test_incident_channels_are_told_from_others() -> None:
    """One message to them speaks of one alert."""
    plugins = [Apprise.instantiate(f"{schema}://key") for schema in ("pagerdutyevents", "opsgeniealerts", "json")]
    assert [plugin is not None and incident_channel(plugin) for plugin in plugins] == [True, True, False]


def test_two_hundred_alerts_are_asked_about_in_turn() -> None:
    """A round is bounded, and the next one goes on where it ended."""

    async def scenario() -> None:
        async with watching_pagerduty() as (watch, _):
            names = [f"alert-{number:03}" for number in range(200)]
            rounds = []
            for _ in range(4):
                before = len(watch.asked)
                await watch.poller.acknowledged(names)
                rounds.append([one.one("incident_key") for one in watch.asked[before:]])
            assert [len(one) for one in rounds] == [QUESTIONS] * 4
            assert {name for one in rounds for name in one} == set(names)

    run(scenario())


def test_a_round_ends_in_time() -> None:
    """Behind a slow service the questions that have no time are asked in the next round."""

    async def scenario() -> None:
        async with watching_pagerduty() as (watch, _):

            def slow(_: Request) -> None:
                watch.clock.instant += timedelta(seconds=ROUND_SECONDS / 2)

            watch.service.instead = slow
            await watch.poller.acknowledged(["a", "b", "c"])
            await watch.poller.acknowledged(["a", "b", "c"])
            assert [one.one("incident_key") for one in watch.asked] == ["a", "b", "c", "a"]

    run(scenario())


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"Retry-After": "20"}, 20),
        ({"Retry-After": "date"}, 20),
        ({"ratelimit-reset": "20"}, 20),
        ({"X-RateLimit-Period-In-Sec": "20"}, 20),
        ({}, 60),
        ({"Retry-After": "soon"}, 60),
        ({"Retry-After": "0"}, 1),
        ({"Retry-After": "86400"}, 900),
    ],
)
@BOTH
def test_a_service_that_limits_is_left_in_peace(
    watched: Callable[[], Any], headers: dict[str, str], pause: float, log: StringIO
) -> None:
    """After a 429 nothing is asked for as long as it says; what was found before it is not lost."""

    async def scenario() -> None:
        async with watched() as (watch, _):
            await watch.line.tell(trigger("a"))
            await watch.line.tell(Incident("a", IncidentAction.ACKNOWLEDGE, "x"))
            date = format_datetime(watch.clock.now() + timedelta(seconds=20), usegmt=True)
            said = {name: date if value == "date" else value for name, value in headers.items()}
            watch.service.instead = lambda _: Answer(429, {}, said) if len(watch.asked) == 2 else None
            assert [one.alert_id for one in await watch.poller.acknowledged(["a", "b", "c"])] == ["a"]
            await watch.clock.move(seconds=pause - 0.5)
            assert await watch.poller.acknowledged(["a", "b", "c"]) == []
            assert len(watch.asked) == 2
            await watch.clock.move(seconds=1)
            assert [one.alert_id for one in await watch.poller.acknowledged(["a", "b", "c"])] == ["a"]
            assert len(watch.asked) == 5

    run(scenario())
    assert "limits how often it is asked" in log.getvalue()


@BOTH
def test_a_failure_is_told_after_what_was_found(watched: Callable[[], Any]) -> None:
    """An acknowledgement is not lost because the question after it fails, and one alert that can't be asked about is
    not in the way of the others.
    """

    async def scenario() -> None:
        async with watched() as (watch, _):
            await watch.line.tell(trigger("a"))
            await watch.line.tell(Incident("a", IncidentAction.ACKNOWLEDGE, "x"))
            watch.service.instead = lambda request: (
                Answer(500, b"") if "b" in (request.one("incident_key"), request.path[-1]) else None
            )
            assert [one.alert_id for one in await watch.poller.acknowledged(["a", "b", "c"])] == ["a"]
            with pytest.raises(IncidentServiceError, match="answered 500"):
                await watch.poller.acknowledged(["a", "b", "c"])
            assert [one.alert_id for one in await watch.poller.acknowledged(["a", "b", "c"])] == ["a"]
            assert [(one.one("incident_key") or one.path[-1]) for one in watch.asked] == ["a", "b", "b", "c", "a", "b"]

    run(scenario())


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(401, {}), "answered 401: the key in the channel's URL may not read incidents"),
        (Answer(403, {}), "answered 403: the key in the channel's URL may not read incidents"),
        (Answer(502, b"<html>"), "answered 502"),
        (Answer(302, b"", {"Location": "http://127.0.0.1:1/"}), "answered 302"),
        (Answer(200, b"<html>"), "answered something it does not document"),
        (Answer(200, {"incidents": [{}], "data": {}}), "answered something it does not document"),
        (Answer(200, b"[" * 100_000), "answered something it does not document"),
        (Answer(200, b" " * (ANSWER_BYTES + 1)), "answered more than"),
    ],
)
@BOTH
def test_an_answer_that_says_nothing_is_an_error(
    watched: Callable[[], Any], answer: Answer, words: str, log: StringIO
) -> None:
    """It names the service and what to do, and no key; neither does the log at its finest level."""

    async def scenario() -> None:
        async with watched() as (watch, _):
            watch.service.instead = lambda _: answer
            with pytest.raises(IncidentServiceError) as raised:
                await watch.poller.acknowledged([ALERT])
            assert f"{watch.poller.service} {words}" in str(raised.value)
            shown = str(raised.value) + repr(watch.poller) + log.getvalue()
            assert [secret for secret in (TOKEN, "RestT0ken", ROUTING_KEY, API_KEY) if secret in shown] == []
            assert "HTTP Request: GET" in log.getvalue()  # the library does write to it

    run(scenario())


@BOTH
def test_a_wrong_key_is_refused(watched: Callable[[], Any]) -> None:
    """The key goes where the documentation says: the same question with it is answered."""

    async def scenario() -> None:
        async with watched() as (watch, service):
            url = watch.line.plugin.url().replace(TOKEN.replace("+", "%2B"), "mistyped").replace(API_KEY, "mistyped")
            async with httpx.AsyncClient() as client:
                mistyped = poller_of(Line(url).plugin, client, watch.clock)
                assert mistyped is not None
                with pytest.raises(IncidentServiceError, match="answered 401"):
                    await mistyped.acknowledged([ALERT])
            assert await watch.poller.acknowledged([ALERT]) == []
            assert len(service.requests) == 2

    run(scenario())


@BOTH
def test_a_service_that_is_away_is_an_error(watched: Callable[[], Any]) -> None:
    """A connection that ends without an answer."""

    async def scenario() -> None:
        async with watched() as (watch, service):
            service.drops = True
            with pytest.raises(IncidentServiceError, match="can't be reached"):
                await watch.poller.acknowledged([ALERT])

    run(scenario())


@BOTH
def test_a_service_that_hangs_is_an_error(watched: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A question has a deadline of ours."""
    monkeypatch.setattr("alerts.incidents.poller.QUESTION_SECONDS", 0.1)

    async def scenario() -> None:
        async with watched() as (watch, service):
            service.hangs = True
            with pytest.raises(IncidentServiceError, match=r"did not answer within 0\.1 s"):
                await watch.poller.acknowledged([ALERT])

    run(scenario())
