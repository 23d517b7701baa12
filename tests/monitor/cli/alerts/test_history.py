"""`portalwatch alerts history`: who was told what, when, over which channel, with what outcome; who answered."""

import csv
import json
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from alerts import AlertEvent, Attempt, Outcome, Policy, Scope
from alerts.postgres_outbox import PostgresOutbox
from tests.monitor.cli.alerts.fired import alert_in, configured, finding, fire
from tests.monitor.cli.commands import PASSWORD, portalwatch
from tests.monitor.cli.stored import in_store
from thresholds import load_routing

COLUMNS = [one.name for one in fields(AlertEvent)]


@pytest.fixture
def config(store: str, tmp_path: Path) -> Path:
    """A store in which an alert fired, one channel failed and was told later, and somebody took it; one of long ago."""
    path = configured(tmp_path, store, channels=("slack-alerts",))
    fire(store, finding(series="q.old"), ago=timedelta(days=30))
    (alert_id,) = fire(store, finding(summary="=cmd|'/c calc'!A1"), ago=timedelta(hours=1))

    async def deliver(pool: asyncpg.Pool) -> None:
        outbox = PostgresOutbox(pool, Policy(load_routing(), {}, lambda _: pytest.fail("nothing is judged")), "here-1")
        now = datetime.now(UTC) - timedelta(minutes=59)
        lease = now + timedelta(seconds=30)
        batch = await outbox.claim("slack-alerts", now, lease, Scope.SINGLE)
        while batch is not None and batch.claims[0].alert.id != alert_id:
            await outbox.confirm(batch, now - timedelta(days=29))
            batch = await outbox.claim("slack-alerts", now, lease, Scope.SINGLE)
        assert batch is not None
        await outbox.give_back(batch, Attempt(Outcome.FAILED, "Slack, the service, answered 503"), now, now)
        batch = await outbox.claim("slack-alerts", now, lease, Scope.SINGLE)
        assert batch is not None
        await outbox.confirm(batch, now + timedelta(seconds=1))

    in_store(store, deliver)
    portalwatch("alerts", "ack", alert_id, "--by", "@ann", "--config", path)
    return path


HAPPENED = [
    ("fired", None, None),
    ("no_recipient", "email-ops-team", None),
    ("failed", "slack-alerts", "here-1"),
    ("delivered", "slack-alerts", "here-1"),
    ("acknowledged", None, "@ann"),
]


def test_the_last_week_is_told_in_order(config: Path, store: str) -> None:
    """Everything of it and nothing before it; in JSON with every field."""
    answer = portalwatch("alerts", "history", "--format", "json", "--config", config)
    assert (answer.code, answer.err) == (0, "")
    events = answer.json()
    assert [(one["event"], one["channel"], one["by"]) for one in events] == HAPPENED
    assert list(events[0]) == COLUMNS
    assert events[2]["detail"] == "Slack, the service, answered 503"
    assert len(events) == len(alert_in(store, events[0]["alert_id"]).events)
    assert [one["at"] for one in events] == sorted(one["at"] for one in events)
    assert all(datetime.fromisoformat(one["at"]).utcoffset() == timedelta() for one in events)


def test_the_table_is_for_people(config: Path) -> None:
    """A line each, in UTC, and no secret."""
    answer = portalwatch("alerts", "history", "--config", config)
    rows = [line for line in answer.out.splitlines() if " UTC " in line]
    assert [row.split()[4] for row in rows] == [event for event, _, _ in HAPPENED]
    assert "Slack, the service, answered 503" in rows[2]
    assert PASSWORD not in answer.out


def test_a_spreadsheet_takes_none_of_it_for_a_formula(config: Path) -> None:
    """CSV has a line with the names of the columns, commas in quotes, and what would begin a formula behind a quote."""
    answer = portalwatch("alerts", "history", "--format", "csv", "--config", config)
    rows = list(csv.DictReader(answer.out.splitlines()))
    assert list(rows[0]) == COLUMNS
    assert [(one["event"], one["channel"] or None) for one in rows] == [
        (event, channel) for event, channel, _ in HAPPENED
    ]
    assert rows[2]["detail"] == "Slack, the service, answered 503"
    assert rows[0]["detail"] == "'=cmd|'/c calc'!A1"
    assert rows[-1]["by"] == "'@ann"


def test_it_is_written_into_a_file(config: Path, tmp_path: Path) -> None:
    """JSON where that is asked for, else CSV; standard output stays empty."""
    as_csv, as_json = tmp_path / "told.csv", tmp_path / "told.json"
    for path, given in ((as_csv, ()), (as_json, ("--format", "json"))):
        answer = portalwatch("alerts", "history", *given, "--output", path, "--config", config)
        assert (answer.code, answer.out, answer.err) == (0, "", f"written: {path}\n")
    with as_csv.open(newline="", encoding="utf-8") as file:
        assert [one["event"] for one in csv.DictReader(file)] == [event for event, _, _ in HAPPENED]
    assert [one["event"] for one in json.loads(as_json.read_text("utf-8"))] == [event for event, _, _ in HAPPENED]


def test_a_file_that_can_not_be_written_is_told(config: Path, tmp_path: Path) -> None:
    """2, with its name."""
    path = tmp_path / "nowhere" / "told.csv"
    answer = portalwatch("alerts", "history", "--output", path, "--config", config)
    assert (answer.code, answer.out) == (2, "")
    assert f"{path} can't be written" in answer.err


def test_any_time_can_be_asked_for(config: Path) -> None:
    """From `--since` until before `--until`, both in UTC."""
    now = datetime.now(UTC)

    def asked(*given: object) -> list[str]:
        answer = portalwatch("alerts", "history", "--format", "json", *given, "--config", config)
        return [one["event"] for one in answer.json()]

    everything = asked("--since", f"{now - timedelta(days=31):%Y-%m-%d}")
    assert everything.count("fired") == 2
    old = asked("--since", f"{now - timedelta(days=31):%Y-%m-%d}", "--until", f"{now - timedelta(days=2):%Y-%m-%d}")
    assert old.count("fired") == 1
    assert "acknowledged" not in old
    assert asked("--since", f"{now - timedelta(minutes=10):%Y-%m-%dT%H:%M}") == ["acknowledged"]
    assert asked("--until", f"{now - timedelta(minutes=30):%Y-%m-%d %H:%M}") == [event for event, _, _ in HAPPENED[:-1]]
