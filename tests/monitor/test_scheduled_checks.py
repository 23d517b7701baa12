"""The checks of the schedule: in real processes, by a clock of the test, kept in a real store."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from monitor.checks.postgres import PostgresCheckRuns
from monitor.configuration import load_configuration
from monitor.database import store_pool
from monitor.scheduled_checks import ScheduledChecks
from tests.clocks import START, ManualClock
from tests.monitor.checks.made import report
from tests.monitor.cli.commands import NOWHERE, configuration, sql_probes
from tests.monitor.cli.stored import in_store
from thresholds import CheckKind

HEALTH, SUITE, INDEXES, CONSTRAINTS = CheckKind
MINUTE = timedelta(minutes=1)


async def always() -> bool:
    """A deployment is watched."""
    return True


class Kept(ScheduledChecks):
    """Writes down what is run, and keeps a report of the clock's time as the process would."""

    runs: list[CheckKind]
    keeps = True

    async def _run(self, kind: CheckKind) -> None:
        self.runs.append(kind)
        if self.keeps:
            await self._runs.append("test", "v1", report(kind, self._clock.now()))


def played(
    store: str,
    directory: Path,
    act: Callable[[Kept, ManualClock, Callable[[], Kept]], Awaitable[None]],
    active: Callable[[], Awaitable[bool]] = always,
    dsn: str | None = None,
) -> None:
    """Run `act` with a schedule, its clock, and what makes another schedule, as a restart does."""
    configured, clock = load_configuration(configuration(directory, store), {}), ManualClock()

    async def run() -> None:
        async with store_pool(dsn or store, eager=False) as pool:

            def begun() -> Kept:
                scheduled = Kept(configured, PostgresCheckRuns(pool), active, clock)
                scheduled.runs = []
                return scheduled

            await act(begun(), clock, begun)

    asyncio.run(run())


def test_each_check_runs_by_the_customers_schedule(store: str, tmp_path: Path) -> None:
    """All at first, then every 15 minutes, hour, 6 hours and day; looked at each minute."""

    async def act(scheduled: Kept, clock: ManualClock, _: Callable[[], Kept]) -> None:
        await scheduled.run_due()
        assert scheduled.runs == [HEALTH, SUITE, INDEXES, CONSTRAINTS]
        for _turn in range(24 * 12):
            clock.advance(300)
            await scheduled.run_due()
        counted = {kind: scheduled.runs.count(kind) for kind in CheckKind}
        assert counted == {HEALTH: 97, SUITE: 25, INDEXES: 5, CONSTRAINTS: 2}

    played(store, tmp_path, act)


def test_a_restart_neither_repeats_nor_forgets(store: str, tmp_path: Path) -> None:
    """What was kept ten minutes ago is not due; what became due while the service was away is."""

    async def act(scheduled: Kept, clock: ManualClock, restarted: Callable[[], Kept]) -> None:
        await scheduled.run_due()
        clock.advance(600)
        scheduled = restarted()
        await scheduled.run_due()
        assert scheduled.runs == []
        clock.advance(3000)
        scheduled = restarted()
        await scheduled.run_due()
        assert scheduled.runs == [HEALTH, SUITE]

    played(store, tmp_path, act)


def test_a_run_that_was_not_kept_is_tried_again_later(store: str, tmp_path: Path) -> None:
    """Not each minute: after a quarter of an hour."""

    async def act(scheduled: Kept, clock: ManualClock, _: Callable[[], Kept]) -> None:
        scheduled.keeps = False
        await scheduled.run_due()
        clock.advance(14 * 60)
        await scheduled.run_due()
        assert len(scheduled.runs) == 4
        clock.advance(60)
        await scheduled.run_due()
        assert len(scheduled.runs) == 8

    played(store, tmp_path, act)


def test_without_a_deployment_nothing_runs(store: str, tmp_path: Path) -> None:
    """And as soon as one is watched, what is due does."""
    watched = False

    async def active() -> bool:
        return watched

    async def act(scheduled: Kept, _clock: ManualClock, _: Callable[[], Kept]) -> None:
        nonlocal watched
        await scheduled.run_due()
        assert scheduled.runs == []
        watched = True
        await scheduled.run_due()
        assert len(scheduled.runs) == 4

    played(store, tmp_path, act, active)


def test_a_store_that_is_away_is_waited_for(store: str, tmp_path: Path) -> None:
    """Nothing is run that could not be kept, and nothing breaks."""

    async def act(scheduled: Kept, _clock: ManualClock, _: Callable[[], Kept]) -> None:
        await scheduled.run_due()
        assert scheduled.runs == []

    played(store, tmp_path, act, dsn=NOWHERE)


def test_a_check_is_a_process_of_its_own_that_keeps_its_result(
    store: str, empty_database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The real command with the configuration of the service; what it could not see is logged."""
    path = configuration(tmp_path, store, **sql_probes(empty_database, a="SELECT 1"))
    configured = load_configuration(path, {})

    def ended(checks: Sequence[CheckKind]) -> dict[CheckKind, datetime]:
        async def act(pool: asyncpg.Pool) -> dict[CheckKind, datetime]:
            runs = PostgresCheckRuns(pool)
            for kind in CheckKind:
                if kind not in checks:
                    await runs.append("test", "v1", report(kind, datetime.now(UTC)))
            await ScheduledChecks(configured, runs, always, ManualClock(datetime.now(UTC))).run_due()
            return {kind: one.at for kind, one in (await runs.latest("test")).items()}

        return in_store(store, act)

    before = datetime.now(UTC)
    assert ended([INDEXES, CONSTRAINTS]).keys() == set(CheckKind)
    assert min(ended([]).values()) >= before
    assert "a scheduled check" not in capsys.readouterr().out
    assert before > START
