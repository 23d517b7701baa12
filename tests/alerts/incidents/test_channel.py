"""Channels to services with incidents: a message carries the identity of its alert all the way."""

import asyncio
from io import StringIO

import pytest
from pydantic import SecretStr

from alerts import ChannelSettings, Message, Outcome, Tone
from alerts.channels import Channel, open_channels
from alerts.incidents import IncidentAction
from tests.alerts.house import RecordingObserver
from tests.alerts.incidents.doubles import API_KEY, ROUTING_KEY, TOKEN, Answer, Double, Opsgenie, PagerDuty, running
from tests.alerts.incidents.telling import ALERT

URLS = [
    (PagerDuty, f"pagerdutyevents://{ROUTING_KEY}?token={TOKEN}"),
    (Opsgenie, f"opsgeniealerts://{API_KEY}/?region=us"),
]


def channel_to(url: str, service: Double) -> Channel:
    """A channel as the configuration opens it."""
    settings = ChannelSettings(url=SecretStr(f"{url}&endpoint={service.address}"))
    return open_channels({"pager": settings}, RecordingObserver())["pager"]


def message(action: IncidentAction) -> Message:
    """One of an alert."""
    return Message("CRITICAL: probe/login 12 s", "It is slow", Tone.FAILURE, ALERT, action)


def test_every_action_of_a_message_reaches_pagerduty() -> None:
    """Under the alert's id, whichever of the channel's threads sends it."""

    async def scenario() -> None:
        async with running(PagerDuty()) as service:
            channel = channel_to(URLS[0][1], service)
            for action in (IncidentAction.TRIGGER, IncidentAction.ACKNOWLEDGE, IncidentAction.RESOLVE):
                assert (await channel.send(message(action))).outcome is Outcome.DELIVERED
            assert [(event["event_action"], event["dedup_key"]) for event in service.events] == [
                ("trigger", ALERT),
                ("acknowledge", ALERT),
                ("resolve", ALERT),
            ]

    asyncio.run(scenario())


def test_every_action_of_a_message_reaches_opsgenie() -> None:
    """Under the alert's id, whichever of the channel's threads sends it."""

    async def scenario() -> None:
        async with running(Opsgenie()) as service:
            channel = channel_to(URLS[1][1], service)
            for action in (IncidentAction.TRIGGER, IncidentAction.ACKNOWLEDGE, IncidentAction.RESOLVE):
                assert (await channel.send(message(action))).outcome is Outcome.DELIVERED
            [alert] = service.alerts
            assert (alert.alias, list(alert.did), alert.closed) == (ALERT, ["acknowledge", "close"], True)

    asyncio.run(scenario())


@pytest.mark.parametrize(("kind", "url"), URLS)
def test_no_secret_is_in_what_a_channel_says(kind: type[Double], url: str, log: StringIO) -> None:
    """Not in its errors, even where the service echoes all it was sent, not in its repr, and not in the log."""

    async def scenario() -> str:
        async with running(kind()) as service:
            service.instead = lambda one: Answer(400, {"message": f"{one.body.decode()} {one.headers}"})
            channel = channel_to(url, service)
            attempt = await channel.send(message(IncidentAction.TRIGGER))
            assert attempt.outcome is Outcome.FAILED
            assert f"{channel.plugin.service_name} answered 400" in attempt.error
            return f"{attempt} {channel!r} {channel.settings!r} {channel.plugin}"

    shown = asyncio.run(scenario()) + log.getvalue()
    assert [secret for secret in (ROUTING_KEY, TOKEN, "RestT0ken", API_KEY) if secret in shown] == []
