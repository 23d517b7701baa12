"""`portalwatch alerts test` and `preview`: does a channel work, and what does it say?"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from alerts import Style
from alerts.postgres import PostgresAlerts
from monitor.user import user_name
from tests.monitor.cli.alerts.fired import with_alerts
from tests.monitor.cli.alerts.person import KEY, Phone, looks, on_call, phone, presses, service
from tests.monitor.cli.commands import NOWHERE, PASSWORD, configuration, portalwatch


@pytest.fixture
def taker() -> Iterator[Phone]:
    """Who is told."""
    with phone() as one:
        yield one


def configured(directory: Path, store: str, taker: Phone, *, public_url: str | None = None) -> Path:
    """A configuration with one channel, to the phone; with links where it says where they lead."""
    links = {} if public_url is None else {"public_url": public_url, "signing_key": KEY}
    channels = {"sms-on-call": {"url": taker.url(PASSWORD), "style": "sms", "timeout": "5 s"}}
    return configuration(directory, store, alerts={"channels": channels}, **links)


def test_a_channel_works_when_its_link_was_opened_and_pressed(store: str, tmp_path: Path, taker: Phone) -> None:
    """0 only then: the message arrived, its link led to the service, and somebody pressed the button."""
    with service(store) as url, on_call(taker, presses):
        path = configured(tmp_path, store, taker, public_url=url)
        answer = portalwatch("alerts", "test", "sms-on-call", "--wait", "30s", "--config", path)
    assert (answer.code, answer.out) == (0, "sms-on-call works: delivered, and its link was opened\n")
    assert "waiting 0:00:30 for somebody" in answer.err


def test_it_is_not_proved_by_a_look(store: str, tmp_path: Path, taker: Phone) -> None:
    """3: whatever scans messages opens links too, and presses no button. No alert comes of it."""
    with service(store) as url, on_call(taker, looks):
        path = configured(tmp_path, store, taker, public_url=url)
        answer = portalwatch("alerts", "test", "sms-on-call", "--wait", "1500ms", "--config", path)
    assert (answer.code, answer.out) == (
        3,
        "sms-on-call: delivered, but nobody opened the link within 0:00:01.500000\n",
    )

    async def all_of(alerts: PostgresAlerts) -> int:
        return len(await alerts.list_alerts(("firing", "acknowledged", "pending", "resolved")))  # type: ignore[arg-type]

    assert with_alerts(store, all_of) == 0


def test_nobody_opens_it(store: str, tmp_path: Path, taker: Phone) -> None:
    """3, and the message says that nothing is wrong and who sent it."""
    path = configured(tmp_path, store, taker, public_url="http://127.0.0.1:1")
    answer = portalwatch("alerts", "test", "sms-on-call", "--wait", "1s", "--config", path)
    assert answer.code == 3
    message = taker.messages.get_nowait()
    assert message["title"] == f"A test of sms-on-call by {user_name()}"
    assert "Nothing is wrong." in message["message"]
    assert "http://127.0.0.1:1/ack/" in message["message"]
    assert taker.messages.empty()


@pytest.mark.parametrize("links", [True, False])
def test_a_channel_that_fails_is_a_finding(store: str, tmp_path: Path, taker: Phone, *, links: bool) -> None:
    """1, with what the service answered, without waiting for anybody, and without a secret."""
    taker.status = 503
    path = configured(tmp_path, store, taker, public_url="http://127.0.0.1:1" if links else None)
    answer = portalwatch("alerts", "test", "sms-on-call", "--wait", "10min", "--config", path)
    assert answer.code == 1
    assert answer.out.startswith("sms-on-call does not work: failed: ")
    assert "503" in answer.out
    assert [secret for secret in (PASSWORD, KEY, "json://") if secret in answer.out + answer.err] == []


def test_a_channel_that_nobody_answers_at_is_a_finding(store: str, tmp_path: Path, taker: Phone) -> None:
    """1: the connection is refused."""
    path = configured(tmp_path, store, Phone(1))
    answer = portalwatch("alerts", "test", "sms-on-call", "--config", path)
    assert answer.code == 1
    assert answer.out.startswith("sms-on-call does not work: ")
    assert PASSWORD not in answer.out + answer.err
    assert taker.messages.empty()


def test_without_links_the_delivery_is_all_that_is_proved(tmp_path: Path, taker: Phone) -> None:
    """0, and it says so; the store is not asked for it."""
    path = configured(tmp_path, NOWHERE, taker)
    answer = portalwatch("alerts", "test", "sms-on-call", "--config", path)
    assert (answer.code, answer.out) == (0, "")
    assert answer.err == "no link was proved: public_url and signing_key are not configured\n"
    assert "/ack/" not in taker.messages.get_nowait()["message"]


def test_a_link_needs_the_store(tmp_path: Path, taker: Phone) -> None:
    """4 without one, and nobody is sent a link that leads nowhere."""
    path = configured(tmp_path, NOWHERE, taker, public_url="http://127.0.0.1:1")
    answer = portalwatch("alerts", "test", "sms-on-call", "--config", path)
    assert (answer.code, answer.out) == (4, "")
    assert taker.messages.empty()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("test", "slack-alerts"), "there is no channel slack-alerts; there are: sms-on-call"),
        (("test", "sms-on-call", "--wait", "long"), "'long' is no duration"),
        (("test",), "Missing argument 'CHANNEL'"),
        (("preview", "--channel", "slack-alerts"), "there is no channel slack-alerts; there are: sms-on-call"),
        (("preview", "--style", "fax"), "'fax' is not one of 'mail', 'chat', 'sms', 'call'"),
    ],
)
def test_wrong_usage_is_told(tmp_path: Path, taker: Phone, arguments: tuple[str, ...], said: str) -> None:
    """2 with what is there, and nobody is told anything."""
    answer = portalwatch("alerts", *arguments, "--config", configured(tmp_path, NOWHERE, taker))
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
    assert taker.messages.empty()


def test_where_no_channel_is_configured_that_is_said(tmp_path: Path) -> None:
    """2."""
    answer = portalwatch("alerts", "test", "sms-on-call", "--config", configuration(tmp_path, NOWHERE))
    assert answer.code == 2
    assert "there is no channel sms-on-call; there are: none is configured" in answer.err


def test_a_preview_shows_each_kind_of_message_in_each_style(tmp_path: Path) -> None:
    """Without channels all styles: a first message, an outage, an escalation, an end, and a group; nobody is told."""
    answer = portalwatch("alerts", "preview", "--config", configuration(tmp_path, NOWHERE))
    assert (answer.code, answer.err) == (0, "")
    styles = answer.out.split("━━ ")[1:]
    assert [one.split()[0] for one in styles] == [one.value for one in Style]
    for one in styles:
        words = one.lower()
        assert all(
            said in words for said in ("portfolio", "reachability", "unanswered", "resolved", "3 alerts: 2 critical")
        )
    mail, chat, sms, call = styles
    assert "Acknowledge: https://watch.example/ack/…" in chat
    assert "https://watch.example/ack/" in mail
    assert "https://" not in call
    longest = max(len(block) for block in sms.split("\n\n"))
    assert longest < max(len(block) for block in chat.split("\n\n"))


@pytest.mark.parametrize("style", [one.value for one in Style])
def test_one_style_is_shown_alone(tmp_path: Path, style: str) -> None:
    """The one that is asked for, with its five messages."""
    answer = portalwatch("alerts", "preview", "--style", style, "--config", configuration(tmp_path, NOWHERE))
    assert answer.code == 0
    assert [line for line in answer.out.splitlines() if line.startswith("━━")] == [f"━━ {style}"]


def test_a_preview_is_of_the_channels_there_are(tmp_path: Path) -> None:
    """Their styles with their names, those given and those of their URLs; of one channel, its own."""
    channels = {
        "sms-on-call": {"url": f"json://watch:{PASSWORD}@127.0.0.1:1", "style": "sms"},
        "email-ops-team": {"url": f"mailto://watch:{PASSWORD}@mail.example"},
        "email-executives": {"url": f"mailto://watch:{PASSWORD}@mail.example/?to=a@b.example"},
    }
    path = configuration(
        tmp_path, NOWHERE, alerts={"channels": channels}, public_url="http://127.0.0.1:9464", signing_key=KEY
    )
    everything = portalwatch("alerts", "preview", "--config", path)
    assert [line for line in everything.out.splitlines() if line.startswith("━━")] == [
        "━━ mail (email-ops-team, email-executives)",
        "━━ sms (sms-on-call)",
    ]
    one = portalwatch("alerts", "preview", "--channel", "sms-on-call", "--config", path)
    assert [line for line in one.out.splitlines() if line.startswith("━━")] == ["━━ sms (sms-on-call)"]
    shown = everything.out + everything.err + one.out + one.err
    assert [secret for secret in (PASSWORD, KEY, "mailto", "json://", "mail.example") if secret in shown] == []
