"""`portalwatch alerts silence`, `silences` and `unsilence`: nobody is told for a time."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts import AlertState
from monitor.user import user_name
from tests.monitor.cli.alerts.fired import alert_in, configured, finding, fire, instant
from tests.monitor.cli.commands import portalwatch


def test_what_a_silence_covers_is_quiet_at_once(store: str, tmp_path: Path) -> None:
    """What falls silent is named, what it does not cover goes on, and the silence stands in the list."""
    path = configured(tmp_path, store)
    mine, other = fire(store, finding(), finding(series="q.c"))
    given = ("--for", "2h", "--reason", "deploying [v42]", "--by", "ann", "--deployment", "v42")
    answer = portalwatch("alerts", "silence", "series=q.b level=warning", *given, "--config", path)
    assert answer.code == 0
    first, quiet = answer.out.splitlines()
    assert quiet == f"silent at once: {mine} q.b is twice as slow"
    assert alert_in(store, mine).alert.state is AlertState.SILENCED
    assert alert_in(store, other).alert.state is AlertState.FIRING
    (one,) = portalwatch("alerts", "silences", "--format", "json", "--config", path).json()
    assert first.startswith(f"{one['id']}: series=q.b level=warning from ")
    assert (one["matcher"], one["by"], one["reason"], one["deployment"]) == (
        "series=q.b level=warning",
        "ann",
        "deploying [v42]",
        "v42",
    )
    assert instant(one["ends_at"]) - instant(one["starts_at"]) == timedelta(hours=2)
    table = portalwatch("alerts", "silences", "--config", path).out
    assert all(word in table for word in (one["id"], "series=q.b level=warning", "deploying [v42]", "v42", "ann"))


def test_a_maintenance_window_begins_later(store: str, tmp_path: Path) -> None:
    """Until then nothing is silent; the instant is UTC."""
    path = configured(tmp_path, store)
    (alert_id,) = fire(store, finding())
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).replace(hour=22, minute=0, second=0, microsecond=0)
    given = ("--from", f"{tomorrow:%Y-%m-%d %H:%M}", "--for", "90min")
    answer = portalwatch("alerts", "silence", "q.*", *given, "--config", path)
    assert (answer.code, len(answer.out.splitlines())) == (0, 1)
    (one,) = portalwatch("alerts", "silences", "--format", "json", "--config", path).json()
    assert (instant(one["starts_at"]), instant(one["ends_at"])) == (tomorrow, tomorrow + timedelta(minutes=90))
    assert (one["by"], one["deployment"]) == (user_name(), None)
    assert alert_in(store, alert_id).alert.state is AlertState.FIRING


def test_no_silence_is_an_empty_list(store: str, tmp_path: Path) -> None:
    """0, and in JSON a list all the same."""
    path = configured(tmp_path, store)
    assert portalwatch("alerts", "silences", "--format", "json", "--config", path).json() == []
    table = portalwatch("alerts", "silences", "--config", path)
    assert (table.code, table.out, table.err) == (0, "", "No silence.\n")


def test_a_silence_is_ended_before_its_time(store: str, tmp_path: Path) -> None:
    """By its id, or with all of its deployment; what is still broken is due to be told at once."""
    path = configured(tmp_path, store)
    (alert_id,) = fire(store, finding())

    def made(matcher: str, *more: str) -> str:
        answer = portalwatch("alerts", "silence", matcher, "--for", "2h", *more, "--config", path)
        return answer.out.partition(":")[0]

    first = made("q.b")
    bound = {made("x.*", "--deployment", "v42"), made("y.*", "--deployment", "v42")}
    made("z.*", "--deployment", "v43")
    ended = portalwatch("alerts", "unsilence", first, "--config", path)
    assert (ended.code, ended.out) == (0, f"ended: {first}\n")
    (ahead, *_) = portalwatch("alerts", "schedule", alert_id, "--format", "json", "--config", path).json()
    assert ahead["reason"] == "unsilenced"
    assert instant(ahead["at"]) <= datetime.now(UTC)
    ended = portalwatch("alerts", "unsilence", "--deployment", "v42", "--config", path)
    assert set(ended.out.removeprefix("ended: ").strip().split(", ")) == bound
    left = portalwatch("alerts", "silences", "--format", "json", "--config", path).json()
    assert [one["deployment"] for one in left] == ["v43"]
    none = portalwatch("alerts", "unsilence", "--deployment", "v42", "--config", path)
    assert (none.code, none.out) == (0, "ended: there was none\n")


@pytest.mark.parametrize("arguments", [("0123abcd",), (), ("0123abcd", "--deployment", "v42")])
def test_what_is_to_be_ended_has_to_be_clear(store: str, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """A silence that is not there, nothing at all, or two things: 2."""
    answer = portalwatch("alerts", "unsilence", *arguments, "--config", configured(tmp_path, store))
    assert (answer.code, answer.out) == (2, "")
    assert ("there is no silence 0123abcd" if len(arguments) == 1 else "give the ID of a silence, or") in answer.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("colour=red", "--for", "2h"), "'colour=red' is no matcher"),
        ((" ", "--for", "2h"), "a matcher says what is silenced"),
        (("q.*",), "Missing option '--for'"),
        (("q.*", "--for", "soon"), "'soon' is no duration"),
        (("q.*", "--for", "2h", "--from", "2020-01-01 00:00"), "would have ended at 2020-01-01 02:00 UTC"),
        (("q.*", "--for", "9000000d"), "the silence would never end"),
    ],
)
def test_a_silence_that_makes_no_sense_is_wrong_usage(
    store: str, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    """2 with what is wrong, and nothing is silent."""
    path = configured(tmp_path, store)
    answer = portalwatch("alerts", "silence", *arguments, "--config", path)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
    assert portalwatch("alerts", "silences", "--format", "json", "--config", path).json() == []
