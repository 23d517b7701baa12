"""`portalwatch alerts list` and `show`: what fired, and what happened to it."""

from pathlib import Path

import pytest

from tests.monitor.cli.alerts.fired import alert_in, configured, finding, fire
from tests.monitor.cli.commands import NOWHERE, PASSWORD, configuration, portalwatch
from thresholds import Level

MARKUP = "q.b [red]is[/blue] twice as slow"


@pytest.fixture
def config(store: str, tmp_path: Path) -> Path:
    """A configuration on a store with an alert that fires and one that is resolved; there is no channel."""
    fire(store, finding(series="q.a"), finding(Level.OK, "q.a"), finding(summary=MARKUP))
    return configuration(tmp_path, store)


def test_what_is_open_is_listed(config: Path) -> None:
    """Only that, unless all are asked for; the newest first, and brackets stay brackets."""
    (one,) = portalwatch("alerts", "list", "--format", "json", "--config", config).json()
    assert (one["series"], one["state"], one["tier"]) == ("q.b", "firing", "tier_2_warning")
    everything = portalwatch("alerts", "list", "--all", "--format", "json", "--config", config).json()
    assert [(each["series"], each["state"]) for each in everything] == [("q.b", "firing"), ("q.a", "resolved")]
    table = portalwatch("alerts", "list", "--config", config)
    assert table.code == 0
    assert one["id"] in table.out
    assert MARKUP in table.out
    assert everything[1]["id"] not in table.out


def test_no_alert_is_an_empty_list(store: str, tmp_path: Path) -> None:
    """0, and in JSON a list all the same."""
    path = configuration(tmp_path, store)
    assert portalwatch("alerts", "list", "--format", "json", "--config", path).json() == []
    table = portalwatch("alerts", "list", "--config", path)
    assert (table.code, table.out, table.err) == (0, "", "No alert.\n")


def test_of_what_is_open_nothing_is_missing(store: str, tmp_path: Path) -> None:
    """Also where one fault has made more alerts than anybody reads."""
    fire(store, *(finding(series=f"q.{number}") for number in range(120)))
    listed = portalwatch("alerts", "list", "--format", "json", "--config", configuration(tmp_path, store)).json()
    assert len({one["series"] for one in listed}) == 120


def test_an_alert_is_shown_with_its_history(store: str, tmp_path: Path) -> None:
    """As a table and as JSON: what it is, and each thing that happened, the oldest first."""
    path = configured(tmp_path, store, channels=("slack-alerts",))
    (alert_id, _) = fire(store, finding(), finding(Level.CRITICAL, summary="q.b is four times as slow"))
    portalwatch("alerts", "ack", alert_id, "--by", "ann", "--config", path)
    shown = portalwatch("alerts", "show", alert_id, "--config", path)
    assert shown.code == 0
    assert shown.out.startswith("q.b is four times as slow\nacknowledged, tier_3_critical\n")
    happened = [line.split() for line in shown.out.splitlines() if " UTC " in line]
    assert [line[3] for line in happened if line[3] != "no_recipient"] == ["fired", "raised", "acknowledged"]
    assert happened[-1][4] == "ann"
    document = portalwatch("alerts", "show", alert_id, "--format", "json", "--config", path).json()
    assert (document["id"], document["state"], document["acknowledged_by"]) == (alert_id, "acknowledged", "ann")
    assert [one["event"] for one in document["events"] if one["event"] != "no_recipient"] == [
        "fired",
        "raised",
        "acknowledged",
    ]
    assert {one["state"] for one in document["deliveries"]} == {"stopped"}
    assert len(document["events"]) == len(alert_in(store, alert_id).events)
    assert PASSWORD not in shown.out + str(document)


def test_an_unknown_alert_can_not_be_shown(config: Path) -> None:
    """2, with nothing on standard output."""
    answer = portalwatch("alerts", "show", "000000000000", "--config", config)
    assert (answer.code, answer.out) == (2, "")
    assert "there is no alert 000000000000" in answer.err


@pytest.mark.parametrize(
    "command",
    [
        ("list",),
        ("show", "0" * 12),
        ("ack", "0" * 12),
        ("silences",),
        ("schedule", "0" * 12),
        ("history",),
        ("backtest",),
    ],
    ids=lambda one: one[0],
)
def test_a_store_that_is_away_is_told(command: tuple[str, ...], tmp_path: Path) -> None:
    """4, without its password and without a traceback."""
    answer = portalwatch("alerts", *command, "--config", configuration(tmp_path, NOWHERE))
    assert (answer.code, answer.out) == (4, "")
    assert PASSWORD not in answer.err
    assert "Traceback" not in answer.err
