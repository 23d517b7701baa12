"""Messages of a deployment on their way: Apprise's real deliveries to a mail server and to a sink that misbehaves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import fields, replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from pydantic import SecretStr

from alerts import (
    Announced,
    Announcement,
    Attempt,
    ChannelError,
    ChannelSettings,
    Outcome,
    Style,
    UnfinishedMessageError,
    announce,
    compose_announcement,
)
from alerts.announcements import ATTEMPTS
from alerts.channels import open_channels
from tests.alerts.announced import EMERGENCY, STATUS
from tests.alerts.house import PASSWORD, ManualClock, RecordingObserver, Sink, running_sink, sink_channel
from tests.alerts.incidents.doubles import ROUTING_KEY, PagerDuty, running
from tests.alerts.mailbox import running_mailbox

DELIVERED = Attempt(Outcome.DELIVERED)
ODD = replace(EMERGENCY, issue="reports are empty\r\n& p95 < 300 ms, says \"Ada\" > 'Bob'\x1b[0m", impact="a\nb")


class HastyClock(ManualClock):
    """Time that passes when somebody waits, and only then."""

    async def sleep(self, seconds: float) -> None:
        """At once."""
        self.instant += timedelta(seconds=seconds)


class Post:
    """What is needed to announce something."""

    def __init__(self, sink: Sink, channels: dict[str, ChannelSettings]) -> None:
        self.sink = sink
        self.observer = RecordingObserver()
        self.clock = HastyClock()
        self.channels = open_channels(channels, self.observer)

    async def announce(self, message: Announcement, *names: str) -> dict[str, Announced]:
        """To those channels."""
        random = Random(7)
        return await announce(message, self.channels, names, clock=self.clock, observer=self.observer, random=random)


@asynccontextmanager
async def open_post(*names: str, **options: dict[str, Any]) -> AsyncIterator[Post]:
    """A channel to the sink for each name, with the options of that name."""
    async with running_sink() as sink:
        yield Post(sink, {name: sink_channel(sink.port, name, **options.get(name, {})) for name in names})


@pytest.mark.parametrize("message", [STATUS, EMERGENCY, ODD], ids=["status", "emergency", "odd"])
@pytest.mark.parametrize("style", [Style.CHAT, Style.SMS, Style.CALL])
def test_each_channel_gets_its_form(message: Announcement, style: Style) -> None:
    """A chat, an SMS and a call arrive as they are written for that style."""

    async def scenario() -> None:
        async with open_post("one", one={"style": style}) as post:
            assert await post.announce(message, "one") == {"one": Announced("one", {"one": DELIVERED})}
            written = compose_announcement(message, style)
            [(_, arrived)] = post.sink.arrived
            assert (arrived["title"], arrived["message"]) == (written.title, written.body)
            assert arrived["type"] == written.tone
            assert post.observer.attempts == [("one", Outcome.DELIVERED)]

    asyncio.run(scenario())


@pytest.mark.parametrize("message", [STATUS, EMERGENCY, ODD], ids=["status", "emergency", "odd"])
@pytest.mark.parametrize("form", ["text", "html"])
def test_a_mail_arrives_as_text_and_escaped_as_html(message: Announcement, form: str) -> None:
    """Over SMTP: letter by letter in plain text; where the channel sends HTML, nothing of it is markup of people."""

    async def scenario() -> None:
        async with running_mailbox() as mailbox:
            query = f"mode=insecure&from=watch@corp.example&to=ops@corp.example&format={form}"
            settings = ChannelSettings(url=SecretStr(f"mailto://127.0.0.1:{mailbox.port}?{query}"))
            observer = RecordingObserver()
            channels = open_channels({"ops": settings}, observer)
            told = await announce(message, channels, ["ops"], clock=HastyClock(), observer=observer, random=Random(7))
            assert told == {"ops": Announced("ops", {"ops": DELIVERED})}
            written = compose_announcement(message, Style.MAIL)
            [mail] = mailbox.arrived
            assert mail["Subject"] == written.title
            assert mailbox.text() == written.body
            if form == "html":
                html = mailbox.text("html")
                escaped = html.replace("<br/>", "").replace("&nbsp;", " ")
                assert not set("<>") & set(escaped)
                if message is ODD:
                    assert "& " not in escaped
                    assert "reports are empty &amp; p95 &lt; 300 ms" in escaped

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("message", "name"),
    [(one, field.name) for one in (STATUS, EMERGENCY) for field in fields(one)],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_nothing_is_sent_that_still_has_a_blank(message: Announcement, name: str) -> None:
    """Whichever field it is: no channel hears anything."""

    async def scenario() -> None:
        async with open_post("one", "two") as post:
            with pytest.raises(UnfinishedMessageError):
                await post.announce(replace(message, **{name: None}), "one", "two")  # type: ignore[arg-type]
            assert (post.sink.arrived, post.observer.attempts) == ([], [])

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("one", "ops-mial", "sms"), "no channel ops-mial, sms; there are: one, two"),
        ((), "no channel is named; there are: one, two"),
    ],
)
def test_an_unknown_channel_is_a_mistake_before_anything_is_sent(names: tuple[str, ...], told: str) -> None:
    """The known one beside it hears nothing either."""

    async def scenario() -> None:
        async with open_post("one", "two") as post:
            with pytest.raises(ChannelError, match=told):
                await post.announce(EMERGENCY, *names)
            assert (post.sink.arrived, post.observer.attempts) == ([], [])

    asyncio.run(scenario())


def test_all_channels_are_told_at_once() -> None:
    """One that hangs delays no other."""

    async def scenario() -> None:
        async with open_post("slow", "quick") as post:
            post.sink.behaviour["slow"] = "hang"
            sending = asyncio.create_task(post.announce(EMERGENCY, "slow", "quick"))
            await post.sink.wait_for(lambda: len(post.sink.arrived) == 2)
            assert not sending.done()
            post.sink.release.set()
            assert [one.channel for one in (await sending).values()] == ["slow", "quick"]

    asyncio.run(scenario())


@pytest.mark.parametrize("behaviour", ["error", "drop", "refuse", "hang"])
def test_where_a_channel_is_dead_its_fallbacks_are_told_in_turn(behaviour: str) -> None:
    """It is tried so many times, then the first fallback, then the second; what is told of it holds no secret."""

    async def scenario() -> None:
        options = {"first": {"fallbacks": ("second", "third"), "timeout_seconds": 0.3}}
        # What hangs is let go when the sink ends; three calls may hang, and the fourth fails at once.
        async with open_post("first", "second", "third", **options) as post:
            post.sink.behaviour["first"], post.sink.behaviour["second"] = behaviour, "error"
            told = (await post.announce(EMERGENCY, "first"))["first"]
            assert told.channel == "third"
            assert list(told.attempts) == ["first", "second", "third"]
            assert told.attempts["third"] == DELIVERED
            assert all(told.attempts[name].error for name in ("first", "second"))
            assert PASSWORD not in repr(told)
            assert [name for name, _ in post.observer.attempts] == [
                *["first"] * ATTEMPTS,
                *["second"] * ATTEMPTS,
                "third",
            ]
            assert len(post.sink.titles("third")) == 1

    asyncio.run(scenario())


def test_who_delivered_nothing_is_told_so() -> None:
    """A channel without a fallback that fails to the end is nobody's delivery, and the others are."""

    async def scenario() -> None:
        async with open_post("dead", "well") as post:
            post.sink.behaviour["dead"] = "error"
            told = await post.announce(STATUS, "dead", "well")
            assert told["dead"].channel is None
            assert told["dead"].attempts["dead"].outcome is Outcome.FAILED
            assert told["well"].channel == "well"

    asyncio.run(scenario())


def test_a_channel_that_comes_back_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second try delivers, and no fallback hears of it."""

    async def scenario() -> None:
        async with open_post("one", "other", one={"fallbacks": ("other",)}) as post:
            post.sink.behaviour["one"] = "error"

            async def mend(_: float) -> None:
                post.sink.behaviour["one"] = "ok"

            monkeypatch.setattr(post.clock, "sleep", mend)
            told = await post.announce(STATUS, "one")
            assert told == {"one": Announced("one", {"one": DELIVERED})}
            assert post.observer.attempts == [("one", Outcome.FAILED), ("one", Outcome.DELIVERED)]

    asyncio.run(scenario())


def test_a_channel_is_tried_no_longer_than_its_deadline() -> None:
    """The first wait of 1 to 2 s would pass a deadline of half a second, so the fallback is told at once."""

    async def scenario() -> None:
        options = {"one": {"fallbacks": ("other",), "deadline_seconds": 0.5}}
        async with open_post("one", "other", **options) as post:
            post.sink.behaviour["one"] = "error"
            assert (await post.announce(EMERGENCY, "one"))["one"].channel == "other"
            assert [name for name, _ in post.observer.attempts] == ["one", "other"]

    asyncio.run(scenario())


def test_nobody_is_told_twice() -> None:
    """A channel that is named twice, is the fallback of two others and is named besides gets one message."""

    async def scenario() -> None:
        dead = {"fallbacks": ("shared",), "deadline_seconds": 0.5}
        async with open_post("one", "two", "shared", one=dead, two=dead) as post:
            post.sink.behaviour["one"] = post.sink.behaviour["two"] = "error"
            told = await post.announce(EMERGENCY, "one", "two", "shared", "shared")
            assert {name: one.channel for name, one in told.items()} == dict.fromkeys(
                ("one", "two", "shared"), "shared"
            )
            assert len(post.sink.titles("shared")) == 1

    asyncio.run(scenario())


def test_a_status_update_opens_no_incident() -> None:
    """A service with incidents is refused for it when named, and passed over as a fallback; it gets emergencies."""

    async def scenario() -> None:
        async with running_sink() as sink, running(PagerDuty()) as service:
            pager = f"pagerdutyevents://{ROUTING_KEY}?endpoint={service.address}"
            chat = sink_channel(sink.port, "chat", fallbacks=("pager",), deadline_seconds=0.5)
            post = Post(sink, {"chat": chat, "pager": ChannelSettings(url=SecretStr(pager))})
            sink.behaviour["chat"] = "error"
            with pytest.raises(ChannelError, match="pager would open an incident"):
                await post.announce(STATUS, "chat", "pager")
            assert not sink.arrived
            assert (await post.announce(STATUS, "chat"))["chat"].channel is None
            assert service.statuses() == []
            for _ in range(2):
                assert (await post.announce(EMERGENCY, "chat"))["chat"].channel == "pager"
            [(key, status)] = service.statuses()
            assert (key, status) == (compose_announcement(EMERGENCY, Style.CHAT).alert_id, "triggered")

    asyncio.run(scenario())
