"""Kept runs of checks in a real store, and the finding that a failing one makes."""

from datetime import timedelta

import asyncpg
import pytest

from monitor.checks.finding import check_finding
from monitor.checks.postgres import PostgresCheckRuns
from tests.clocks import START
from tests.monitor.checks.made import report
from tests.monitor.cli.stored import in_store
from thresholds import CheckKind, CheckStatus, Level, Rule

HEALTH, INDEXES = CheckKind.SYSTEM_HEALTH, CheckKind.INDEX_USAGE


def test_what_is_kept_comes_back_as_it_was(store: str) -> None:
    """The latest of each kind, of its own environment; and how all of them ended."""
    first, second = report(HEALTH, START), report(HEALTH, START + timedelta(hours=1), {"security": CheckStatus.FAIL})
    indexes = report(INDEXES, START)

    async def act(pool: asyncpg.Pool) -> None:
        runs = PostgresCheckRuns(pool)
        for one in (first, second, indexes):
            await runs.append("test", "v1", one)
        await runs.append("other", "v1", report(CheckKind.CONSTRAINTS, START))
        latest = await runs.latest("test")
        assert list(latest) == [HEALTH, INDEXES]
        assert [one.document() for one in latest.values()] == [second.document(), indexes.document()]
        since = await runs.since("test", START + timedelta(minutes=1))
        assert [(one.kind, one.status, one.release) for one in since] == [(HEALTH, "FAIL", "v1")]
        assert since[0].components["security"] is CheckStatus.FAIL
        assert since[0].components["database"] is CheckStatus.PASS

    in_store(store, act)


def test_old_runs_go_and_the_latest_of_each_stays(store: str) -> None:
    """It still says how things stand, however long ago it was."""

    async def act(pool: asyncpg.Pool) -> None:
        runs = PostgresCheckRuns(pool)
        for hours in range(3):
            await runs.append("test", "v1", report(HEALTH, START + timedelta(hours=hours)))
        await runs.append("test", "v1", report(INDEXES, START))
        await runs.prune(START + timedelta(days=400))
        left = await runs.since("test", START)
        assert [(one.kind, one.at) for one in left] == [(INDEXES, START), (HEALTH, START + timedelta(hours=2))]

    in_store(store, act)


@pytest.mark.parametrize(
    ("status", "level"),
    [(CheckStatus.FAIL, Level.CRITICAL), (CheckStatus.WARNING, Level.OK), (CheckStatus.PASS, Level.OK)],
)
def test_only_a_run_that_fails_is_told(status: CheckStatus, level: Level) -> None:
    """Critical, by the route of deployments, with the line that failed; a warning is shown and not told."""
    found = check_finding(report(HEALTH, START, {"security": status}), START)
    assert (found.series, found.route, found.rule) == ("checks.system_health_check", "deployment", Rule.ABSOLUTE)
    assert found.level is level
    assert ("portal.certificate" in found.summary) == (level is Level.CRITICAL)
