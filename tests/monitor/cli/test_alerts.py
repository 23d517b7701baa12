"""`portalwatch alerts`: what fired, and who has it in hand."""

from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from alerts import Evidence, Policy
from alerts.postgres import PostgresAlerts
from baselines import Unit
from tests.monitor.cli.commands import configuration, portalwatch
from tests.monitor.cli.stored import in_store
from thresholds import Finding, Level, Rule, load_routing


def finding(level: Level, series: str = "q.b") -> Finding:
    """A finding whose summary looks like markup."""
    return Finding(
        series=series,
        route="system_unavailable",
        rule=Rule.BASELINE,
        level=level,
        unit=Unit.SECONDS,
        summary=f"{series} [red]is[/blue] twice as slow",
        since=datetime.now(UTC),
        value=2.0,
        limit=1.25,
    )


def record(store: str, *findings: Finding) -> None:
    """One evaluation of each, in order; one is enough to fire and to resolve."""

    async def act(pool: asyncpg.Pool) -> None:
        alerts = PostgresAlerts(pool, Policy(load_routing(), {}, lambda _: Evidence(1, 1)))
        for one in findings:
            await alerts.record([one], datetime.now(UTC))

    in_store(store, act)


@pytest.fixture
def config(store: str, tmp_path: Path) -> Path:
    """A configuration on a store with an alert that fires and one that is resolved."""
    record(store, finding(Level.WARNING, "q.a"), finding(Level.OK, "q.a"), finding(Level.WARNING))
    return configuration(tmp_path, store)


def test_what_fires_is_listed(config: Path) -> None:
    """Only what is open, unless all are asked for; the newest first, and brackets stay brackets. Without any channel to
    tell somebody, an alert is at the end of its ladder at once.
    """
    (one,) = portalwatch("alerts", "list", "--format", "json", "--config", config).json()
    assert (one["series"], one["state"]) == ("q.b", "exhausted")
    everything = portalwatch("alerts", "list", "--all", "--format", "json", "--config", config).json()
    assert [(each["series"], each["state"]) for each in everything] == [("q.b", "exhausted"), ("q.a", "resolved")]
    table = portalwatch("alerts", "list", "--config", config)
    assert table.code == 0
    assert one["id"] in table.out
    assert "q.b [red]is[/blue] twice as slow" in table.out


def test_no_alert_is_an_empty_list(store: str, tmp_path: Path) -> None:
    """0, and in JSON a list all the same."""
    path = configuration(tmp_path, store)
    assert portalwatch("alerts", "list", "--format", "json", "--config", path).json() == []
    table = portalwatch("alerts", "list", "--config", path)
    assert (table.code, table.out, table.err) == (0, "", "No alert.\n")


def test_an_acknowledgement_is_kept_and_shown(config: Path) -> None:
    """Who took it stands in the alert and in its history; a second alert is not touched."""
    (one,) = portalwatch("alerts", "list", "--format", "json", "--config", config).json()
    acknowledged = portalwatch("alerts", "ack", one["id"], "--by", "ann", "--config", config)
    assert (acknowledged.code, acknowledged.out) == (0, "acknowledged by ann\n")
    document = portalwatch("alerts", "show", one["id"], "--format", "json", "--config", config).json()
    assert (document["state"], document["acknowledged_by"]) == ("acknowledged", "ann")
    shown = portalwatch("alerts", "show", one["id"], "--config", config)
    assert shown.code == 0
    assert "fired" in shown.out
    assert "acknowledged" in shown.out
    assert "ann" in shown.out


def test_what_can_not_be_acknowledged_is_wrong_usage(config: Path) -> None:
    """An alert that is over, and one that never was: 2, and told apart."""
    everything = portalwatch("alerts", "list", "--all", "--format", "json", "--config", config).json()
    over = next(one["id"] for one in everything if one["state"] == "resolved")
    answers = [portalwatch("alerts", "ack", one, "--config", config) for one in (over, "000000000000")]
    assert [one.code for one in answers] == [2, 2]
    assert f"alert {over} is resolved: there is nothing to acknowledge" in answers[0].err
    assert "000000000000" in answers[1].err


def test_an_unknown_alert_can_not_be_shown(config: Path) -> None:
    """2, with nothing on standard output."""
    answer = portalwatch("alerts", "show", "000000000000", "--config", config)
    assert (answer.code, answer.out) == (2, "")
    assert "there is no alert 000000000000" in answer.err
