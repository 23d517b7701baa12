"""`portalwatch alerts backtest`: who would have been told, under a configuration, from stored findings."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from alerts.finding_run import FindingRun
from alerts.postgres_findings import PostgresFindings
from baselines import Unit
from tests.monitor.cli.alerts.fired import CHANNELS, configured, instant
from tests.monitor.cli.commands import portalwatch
from tests.monitor.cli.stored import in_store
from thresholds import Level, Rule

BEGAN = datetime.now(UTC) - timedelta(days=2)


def run(level: Level, after: timedelta, lasting: timedelta, series: str = "q.a") -> FindingRun:
    """A limit broken for so long, asked every 30 seconds."""
    return FindingRun(
        series=series,
        route="host",
        rule=Rule.ABSOLUTE,
        unit=Unit.SECONDS,
        level=level,
        started_at=BEGAN + after,
        ended_at=BEGAN + after + lasting,
        evaluations=int(lasting / timedelta(seconds=30)) + 1,
        summary=f"{series} is slow [then]",
        value=2.0,
        value_limit=1.0,
    )


@pytest.fixture
def config(store: str, tmp_path: Path) -> Path:
    """A store in which a series was slow for two hours and another one twice in a row, too short to tell of."""
    runs = [
        run(Level.WARNING, timedelta(), timedelta(hours=2)),
        run(Level.WARNING, timedelta(hours=3), timedelta(seconds=30), "q.short"),
    ]

    async def keep(pool: asyncpg.Pool) -> None:
        await PostgresFindings(pool).append(runs)

    in_store(store, keep)
    return configured(tmp_path, store)


def played(path: Path, *given: str) -> list[dict[str, Any]]:
    """What would have been told, as JSON has it."""
    answer = portalwatch("alerts", "backtest", "--format", "json", *given, "--config", path)
    assert answer.code == 0
    told: list[dict[str, Any]] = answer.json()
    return told


def minute(one: dict[str, Any]) -> float:
    """How long after the beginning it would have been told, in minutes."""
    return round((instant(one["at"]) - BEGAN) / timedelta(minutes=1), 6)


def test_it_says_who_would_have_been_told_and_when(config: Path) -> None:
    """The third bad evaluation fires, and nobody answers: tier 3 an hour later, tier 4 after another 15 minutes, again
    every 15; the end is told to everybody who was.
    """
    told = played(config)
    assert {one["series"] for one in told} == {"q.a"}
    assert [(minute(one), one["reason"], one["tier"], one["channels"]) for one in told] == [
        (1, "fired", "tier_2_warning", ["slack-alerts"]),
        (61, "escalated", "tier_3_critical", ["slack-critical"]),
        (76, "escalated", "tier_4_emergency", ["phone-call-escalation"]),
        (91, "exhausted", "tier_4_emergency", ["phone-call-escalation"]),
        (106, "reminded", "tier_4_emergency", ["phone-call-escalation"]),
        (121, "resolved", "tier_4_emergency", list(CHANNELS)),
    ]


def test_the_table_ends_with_a_count(config: Path) -> None:
    """A line for each message, and how many of each tier there were."""
    answer = portalwatch("alerts", "backtest", "--config", config)
    assert answer.code == 0
    rows = [line for line in answer.out.splitlines() if " UTC " in line]
    assert [row.split()[3] for row in rows] == [one["reason"] for one in played(config)]
    assert "q.a is slow [then]" in rows[0]
    assert answer.out.splitlines()[-1] == "7 days: tier_2_warning 1, tier_3_critical 1, tier_4_emergency 4"


def test_somebody_may_answer(config: Path) -> None:
    """Ten minutes after the first message: nothing climbs."""
    told = played(config, "--answered-after", "10min")
    assert (minute(told[0]), told[0]["reason"]) == (1, "fired")
    assert {one["tier"] for one in told} == {"tier_2_warning"}
    late = played(config, "--answered-after", "70min")
    assert [(minute(one), one["tier"]) for one in late if one["reason"] == "escalated"] == [(61, "tier_3_critical")]


def test_another_configuration_tells_others(store: str, config: Path, tmp_path: Path) -> None:
    """What is tried out is the file that is given; nothing in the store changes, and nobody is told."""
    before = played(config)
    (tmp_path / "other").mkdir()
    tried = configured(tmp_path / "other", store, tiers={"tier_2_warning": {"escalates_after": "never"}})
    assert [one["reason"] for one in played(tried)] == ["fired", "resolved"]
    assert played(config) == before
    assert portalwatch("alerts", "list", "--all", "--format", "json", "--config", config).json() == []
    assert portalwatch("alerts", "history", "--format", "json", "--config", config).json() == []


def test_days_bound_what_is_played(config: Path) -> None:
    """Nothing of before them, and that is no finding."""
    assert played(config, "--days", "1") == []
    answer = portalwatch("alerts", "backtest", "--days", "1", "--config", config)
    assert (answer.code, answer.out) == (0, "1 days: nobody would have been told\n")


@pytest.mark.parametrize("given", [("--days", "0"), ("--days", "401"), ("--answered-after", "soon")])
def test_what_can_not_be_played_is_wrong_usage(config: Path, given: tuple[str, ...]) -> None:
    """2."""
    answer = portalwatch("alerts", "backtest", *given, "--config", config)
    assert (answer.code, answer.out) == (2, "")
