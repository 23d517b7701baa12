"""Channels: Apprise's real deliveries to a sink, and what may never be read anywhere."""

import asyncio
import logging
import threading
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from apprise import NotifyBase
from apprise.decorators import notify
from pydantic import SecretStr, ValidationError

from alerts import Attempt, ChannelError, ChannelSettings, Message, Outcome, Tone
from alerts.channels import CALLS_AT_ONCE, ERROR_LENGTH, Channel, Redaction, open_channels
from tests.alerts.house import PASSWORD, RecordingObserver, Sink, running_sink

MESSAGE = Message("WARNING: slow", "It is slow\nsince nine", Tone.WARNING)
SECRETS = (PASSWORD, "T0KENinPATH", "queryS3cret", "watchman")


def settings(sink: Sink, **options: Any) -> ChannelSettings:
    """A channel to the sink with a secret in each part of its URL."""
    url = f"json://watchman:{PASSWORD}@127.0.0.1:{sink.port}/hook/T0KENinPATH?-key=queryS3cret"
    return ChannelSettings(url=SecretStr(url), **options)


def send(behaviour: str, **options: Any) -> Attempt:
    """One message to a sink that behaves like that."""

    async def scenario() -> Attempt:
        async with running_sink() as sink:
            sink.behaviour["hook"] = behaviour
            return await open_channels({"hook": settings(sink, **options)}, RecordingObserver())["hook"].send(MESSAGE)

    return asyncio.run(scenario())


@pytest.fixture
def log() -> Iterator[StringIO]:
    """What the program's log gets at the finest level (pytest's own listens to loggers that don't pass records on)."""
    root, http, stream = logging.getLogger(), logging.getLogger("urllib3.connectionpool"), StringIO()
    handler = logging.StreamHandler(stream)
    root.addHandler(handler)
    levels = root.level, http.level
    root.setLevel(1)
    http.setLevel(1)
    yield stream
    root.setLevel(levels[0])
    http.setLevel(levels[1])
    root.removeHandler(handler)


def test_a_confirmed_message_is_delivered() -> None:
    """A 200 is a delivery, and the message arrives as it was written."""

    async def scenario() -> None:
        async with running_sink() as sink:
            attempt = await open_channels({"hook": settings(sink)}, RecordingObserver())["hook"].send(MESSAGE)
            assert attempt == Attempt(Outcome.DELIVERED)
            [(_, message)] = sink.arrived
            assert (message["title"], message["message"]) == (MESSAGE.title, MESSAGE.body)
            assert message["type"] == "warning"

    asyncio.run(scenario())


def test_an_error_of_the_service_is_a_failure() -> None:
    """A 500 is a failure with the status in its text."""
    attempt = send("error")
    assert attempt.outcome is Outcome.FAILED
    assert "500" in attempt.error


def test_a_dropped_connection_is_a_failure() -> None:
    """A connection that closes without an answer is a failure."""
    attempt = send("drop")
    assert attempt.outcome is Outcome.FAILED
    assert "Connection error" in attempt.error


def test_a_service_that_hangs_is_a_timeout_after_our_deadline() -> None:
    """A call ends at the deadline of the channel, not at the service's own."""
    attempt = send("hang", timeout_seconds=0.1)
    assert attempt == Attempt(Outcome.TIMEOUT, "no answer within 0.1 s")


def test_calls_that_hang_are_counted_and_capped() -> None:
    """Once as many calls hang as may, the channel fails at once; when they end, it delivers again, and what they
    delivered late is noted.
    """

    async def scenario() -> None:
        async with running_sink() as sink:
            sink.behaviour["hook"] = "hang"
            observer = RecordingObserver()
            channel = open_channels({"hook": settings(sink, timeout_seconds=0.05)}, observer)["hook"]
            for _ in range(CALLS_AT_ONCE):
                assert (await channel.send(MESSAGE)).outcome is Outcome.TIMEOUT
            await sink.wait_for(lambda: len(sink.arrived) == CALLS_AT_ONCE)
            assert (await channel.send(MESSAGE)).outcome is Outcome.STUCK
            assert len(sink.arrived) == CALLS_AT_ONCE
            sink.behaviour["hook"] = "ok"
            sink.release.set()
            attempt = Attempt(Outcome.STUCK)
            for _ in range(500):  # until the threads have noticed
                if attempt.outcome is Outcome.DELIVERED:
                    break
                await asyncio.sleep(0.02)
                attempt = await channel.send(MESSAGE)
            assert attempt.outcome is Outcome.DELIVERED
            assert observer.late == ["hook"] * CALLS_AT_ONCE

    asyncio.run(scenario())


@pytest.mark.parametrize("behaviour", ["ok", "error", "drop", "hang"])
def test_no_secret_is_in_a_log_or_an_error(behaviour: str, log: StringIO) -> None:
    """Whatever the service does, and at the finest level of logging, no part of the URL is logged or handed back."""
    attempt = send(behaviour, timeout_seconds=0.5)
    everything = log.getvalue() + repr(attempt)
    assert not [secret for secret in SECRETS if secret in everything]


def test_the_libraries_would_log_the_secret(log: StringIO) -> None:
    """The test above means something: were the two loggers left alone, the log would hold the URL."""

    async def scenario() -> None:
        async with running_sink() as sink:
            channel = Channel("hook", settings(sink), RecordingObserver())
            for name in ("apprise", "urllib3"):
                logging.getLogger(name).propagate = True
            try:
                await channel.send(MESSAGE)
            finally:
                open_channels({}, RecordingObserver())

    asyncio.run(scenario())
    assert "T0KENinPATH" in log.getvalue()


def test_no_secret_is_in_a_repr() -> None:
    """Neither the settings nor the channel show the URL."""

    async def scenario() -> None:
        async with running_sink() as sink:
            one = settings(sink)
            shown = (
                repr(one)
                + str(one)
                + repr(Channel("hook", one, RecordingObserver()))
                + str(Channel("hook", one, RecordingObserver()))
            )
            assert not [secret for secret in SECRETS if secret in shown]

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "url",
    ["", "no url", "nosuchservice://hunter2secret@host", "slack://hunter2secret", "json://", "json://[hunter2secret"],
)
def test_a_url_apprise_cannot_use_names_the_channel_and_not_the_url(
    url: str, log: StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    """A wrong URL is found when the channels are opened; neither the error, a log nor the standard error has it."""
    with pytest.raises(ChannelError, match="channel sms-on-call") as raised:
        open_channels({"sms-on-call": ChannelSettings(url=SecretStr(url))}, RecordingObserver())
    assert PASSWORD not in str(raised.value) + log.getvalue() + capfd.readouterr().err


def test_optional_services_are_refused() -> None:
    """`optional=yes` would report a failed delivery as a success."""
    with pytest.raises(ChannelError, match=r"channel pager: .*optional=yes"):
        open_channels({"pager": ChannelSettings(url=SecretStr("json://localhost/?optional=yes"))}, RecordingObserver())


def test_every_mistake_is_told_at_once() -> None:
    """A wrong URL, a fallback that is no channel and one to itself stand in one error."""
    with pytest.raises(ChannelError) as raised:
        open_channels(
            {
                "one": ChannelSettings(url=SecretStr("json://localhost"), fallbacks=("nobody", "one")),
                "two": ChannelSettings(url=SecretStr("wrong")),
            },
            RecordingObserver(),
        )
    assert [word in str(raised.value) for word in ("'nobody'", "'one'", "channel two")] == [True] * 3


def test_a_mistake_in_the_settings_does_not_show_the_url() -> None:
    """An option that does not exist is named; the URL beside it is not."""
    with pytest.raises(ValidationError) as raised:
        ChannelSettings.model_validate({"url": f"json://{PASSWORD}@localhost", "retries": 3})
    assert "retries" in str(raised.value)
    assert PASSWORD not in str(raised.value)


def test_settings_are_written_with_units() -> None:
    """`timeout: 5 s` and `deadline: 10 min` are held in seconds."""
    written = ChannelSettings.model_validate({"url": "json://localhost", "timeout": "5 s", "deadline": "10 min"})
    assert (written.timeout_seconds, written.deadline_seconds) == (5, 600)


@pytest.fixture(scope="module", autouse=True)
def odd_services(apprise_plugins: None) -> None:  # noqa: ARG001
    """Services of Apprise's own making: `saysno` refuses, `raises` breaks with its URL in the message, `inthread`
    works in the thread of a channel named `own` only.
    """

    def refuse(*_: object, **__: object) -> bool:
        return False

    def break_down(*_: object, **__: object) -> bool:
        raise RuntimeError(f"can't reach raises://{PASSWORD}")

    def name_thread(body: str, title: str, *_: object, **__: object) -> bool:  # noqa: ARG001
        return threading.current_thread().name == "channel own"

    notify(on="inthread", name="A service that is pleased with our thread")(name_thread)  # type: ignore[no-untyped-call]
    notify(on="saysno", name="A service that refuses")(refuse)  # type: ignore[no-untyped-call]
    notify(on="raises", name="A service that breaks")(break_down)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("schema", ["saysno", "raises"])
def test_a_service_that_refuses_or_breaks_is_a_failure(schema: str) -> None:
    """Neither a refusal nor an exception of the service counts as told."""
    channel = Channel("own", ChannelSettings(url=SecretStr(f"{schema}://{PASSWORD}")), RecordingObserver())
    attempt = asyncio.run(channel.send(MESSAGE))
    assert attempt.outcome is Outcome.FAILED
    assert attempt.error
    assert PASSWORD not in attempt.error


def test_a_success_that_only_an_optional_flag_makes_is_a_failure() -> None:
    """Should a service turn optional after the check, its masked failure still counts as one."""
    channel = Channel("own", ChannelSettings(url=SecretStr("saysno://host")), RecordingObserver())
    [service] = channel._apprise.services
    assert isinstance(service, NotifyBase)
    service.optional = True
    assert asyncio.run(channel.send(MESSAGE)).outcome is Outcome.FAILED


def test_a_call_runs_in_a_thread_of_its_channel() -> None:
    """Not in the pool that Apprise shares among all services, where hanging calls of one would hold up the others."""
    channel = Channel("own", ChannelSettings(url=SecretStr("inthread://host")), RecordingObserver())
    assert asyncio.run(channel.send(MESSAGE)).outcome is Outcome.DELIVERED


def test_nothing_matched_is_a_failure() -> None:
    """A call that reached no service at all is not a delivery."""
    channel = Channel("own", ChannelSettings(url=SecretStr("saysno://host")), RecordingObserver())
    channel._apprise.clear()
    assert asyncio.run(channel.send(MESSAGE)).outcome is Outcome.NOTHING_MATCHED


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("slack://TTEAM/BBOT/longtokenvalue/#ops", "at /TTEAM/BBOT/longtokenvalue"),
        ("mailto://ada:pw@mail.example?to=ops@corp.example", "as ada with pw to ops@corp.example"),
        ("json://u:p%40ss%2Fword@host/x", "with p@ss/word or p%40ss%2Fword"),
        ("twilio://AC123456:tok3nvalue@15551234567/15557654321", "AC123456 tok3nvalue 15551234567 15557654321"),
    ],
)  # fmt: skip
def test_redaction_takes_out_every_part(url: str, text: str) -> None:
    """Tokens in the path, a short password, quoted letters and addresses in the query: all become stars."""
    redacted = Redaction(url)(f"failed {text} {url}")
    for secret in ("TTEA", "BBOT", "longt", "pw", "corp.example", "ss/word", "ss%2Fword", "AC12", "tok3n", "1555"):
        assert secret not in redacted
    assert redacted.startswith("failed")


def test_an_error_is_one_short_line() -> None:
    """Page-long answers of services don't fill the store."""
    redacted = Redaction("json://host")("line\nline " * 1000)
    assert len(redacted) == ERROR_LENGTH
    assert "\n" not in redacted
