"""Commands that were killed, probes that fail and clocks that are set: clear results, and nothing corrupt."""

import asyncio
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from baselines import Baseline, Spacing
from baselines.capture import CapturePlan
from baselines.postgres import PostgresBaselines
from baselines.postgres_ledger import PostgresLedger
from monitor.capturing import Capturing
from monitor.cli.progress import TerminalProgress
from monitor.clock import SystemClock
from monitor.configuration import load_configuration
from probes import ProbeSet
from tests.acceptance.running import eventually
from tests.monitor.cli.commands import PATIENCE_SECONDS, configuration, portalwatch, sql_probes, started
from tests.monitor.cli.stored import in_store, made, names_in, save


@pytest.fixture
def path(store: str, tmp_path: Path) -> Path:
    """A configuration on a store with two captures that need further sessions up to the last look."""
    now = datetime.now(UTC)
    post = made("post", 24, release="v2")
    sessions = [
        replace(
            one,
            started_at=now,
            finished_at=now + timedelta(microseconds=one.number),
            conditions=replace(one.conditions, spacing=Spacing.BURST),
        )
        for one in post.sessions
    ]
    save(store, made("pre", 20), replace(post, sessions=sessions))
    return configuration(tmp_path, store, **sql_probes(store, a="SELECT pg_sleep(0.024)"))


def killed(process: "subprocess.Popen[str]") -> None:
    """SIGKILL, and gone."""
    process.kill()
    process.wait(PATIENCE_SECONDS)


def at_work(store: str) -> bool:
    """Whether a command is connected to the store."""

    async def count() -> int:
        connection = await asyncpg.connect(store)
        others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        found: int = await connection.fetchval(others)
        await connection.close()
        return found

    return asyncio.run(count()) > 0


def judged_again(path: Path, store: str) -> None:
    """A run after a killed one ends like one that nobody disturbed: at the last look, with its verdict."""
    answer = portalwatch("compare", "pre", "post", "--top-up", "--format", "json", "--config", path)
    (one,) = answer.json()["series"]
    assert (answer.code, one["verdict"]) == (3, "inconclusive")
    assert names_in(store) == ["pre", "post", "post+1", "post+2"]


def test_a_comparison_killed_while_it_judges_leaves_no_trace(path: Path, store: str) -> None:
    """It has written nothing by then."""
    with started("compare", "pre", "post", "--top-up", "--config", path) as process:
        eventually(lambda: at_work(store), "the command is in the store")
        killed(process)
    assert names_in(store) == ["pre", "post"]
    judged_again(path, store)


@pytest.mark.parametrize(("announced", "kept"), [("Taking 3", []), ("Taking 4", ["post+1"])])
def test_a_comparison_killed_while_it_measures_keeps_whole_looks(
    path: Path, store: str, announced: str, kept: list[str]
) -> None:
    """What it was taking is lost, what it had taken is there, and the next run goes on from it."""
    with started("compare", "pre", "post", "--top-up", "--config", path) as process:
        assert process.stderr is not None
        assert any(line.startswith(announced) for line in process.stderr)
        killed(process)
    assert names_in(store) == ["pre", "post", *kept]
    judged_again(path, store)


def test_half_the_probes_failing_is_told_and_hides_nothing(store: str, tmp_path: Path) -> None:
    """The capture names what failed. What fails on both sides is inconclusive, and no further session is wasted on it;
    what begins to fail is a finding; what answers is judged."""

    def captured(name: str, told: str, **queries: str) -> Path:
        path = configuration(tmp_path, store, **sql_probes(store, **queries))
        taken = portalwatch("baseline", "capture", name, "--quick", "--force", "a test", "--config", path)
        assert taken.code == 0, taken.err
        assert told in taken.err
        return path

    pre = {"well": "SELECT pg_sleep(0.01)", "fails": "SELECT 1/0", "breaks": "SELECT 1"}
    failed = "of 3 series failed in more than half of their calls: database_queries"
    captured("pre", f"1 {failed}.fails", **pre)
    path = captured("post", f"2 {failed}.breaks, ", **{**pre, "breaks": "SELECT 1/0"})
    answer = portalwatch("compare", "pre", "post", "--top-up", "--format", "json", "--config", path)
    found = {one["series"].partition(".")[2]: one for one in answer.json()["series"]}
    assert answer.code == 1
    assert {name: one["verdict"] for name, one in found.items()} == {
        "well": "within",
        "fails": "inconclusive",
        "breaks": "degraded",
    }
    assert found["fails"]["before"]["failed"] == found["fails"]["before"]["n"] > 0


class SetBackClock(SystemClock):
    """Somebody sets the wall clock an hour back at its thirtieth reading."""

    def __init__(self) -> None:
        self.readings = 0

    def now(self) -> datetime:
        """An hour ago from then on."""
        self.readings += 1
        return super().now() - timedelta(hours=1 if self.readings >= 30 else 0)


def test_a_clock_set_back_during_a_capture_changes_nothing(store: str, tmp_path: Path) -> None:
    """Sessions stay in their order and none ends before it began; the capture is stored, loaded and compared."""
    path = configuration(tmp_path, store, **sql_probes(store, a="SELECT 1"))

    async def act(pool: asyncpg.Pool) -> Baseline:
        configured, clock = load_configuration(path, {}), SetBackClock()
        plan = CapturePlan(sessions=3, samples=20, spacing=Spacing.BURST)
        async with ProbeSet(configured.settings.probes, configured.settings.targets, clock) as probes:
            capturing = Capturing(configured, probes, PostgresLedger(pool), clock, TerminalProgress())
            captured = await capturing.capture("pre", plan)
        assert clock.readings > 60
        await PostgresBaselines(pool).save(captured)
        return await PostgresBaselines(pool).load("pre")

    loaded = in_store(store, act)
    assert [one.number for one in loaded.sessions] == [1, 2, 3]
    instants = [at for one in loaded.sessions for at in (one.started_at, one.finished_at)]
    assert instants == sorted(instants)
    assert instants[-1] - instants[0] < timedelta(minutes=30)
    assert portalwatch("compare", "pre", "pre", "--config", path).code == 0
