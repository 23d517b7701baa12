"""Drivers that are killed at any moment, and what they leave behind."""

import asyncio
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from monitor.database import store_pool
from monitor.deployment.deployment import Deployment
from monitor.deployment.event import EventKind
from monitor.deployment.phase import PhaseStatus
from monitor.deployment.postgres import PostgresDeployments
from tests.acceptance.running import eventually
from tests.clocks import START
from tests.monitor.deployment.driven import opening

ROOT = Path(__file__).parents[3]
KILLS = 5
STARTS, ENDS = (EventKind.PHASE_STARTED,), (EventKind.PHASE_FAILED, EventKind.PHASE_ROLLED_BACK)


@contextmanager
def driver(store: str, name: str) -> Iterator[None]:
    """A process that drives; killed at the end, whatever it does just then."""
    command = [sys.executable, "-m", "tests.monitor.deployment.driver", store, name]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "driving\n"
            yield
            assert process.poll() is None, "it ended by itself"
        finally:
            process.kill()


def stored(store: str, *, new: bool = False) -> Deployment:
    """The deployment as it is kept, opened first where it is new."""

    async def read() -> Deployment:
        async with store_pool(store) as pool:
            deployments = PostgresDeployments(pool, "test")
            return await deployments.open("v42", opening(), START) if new else await deployments.current()

    return asyncio.run(read())


def has_done(store: str, by: str, number: int) -> bool:
    """Whether so many events are theirs."""
    return sum(one.by == by for one in stored(store).events) >= number


def test_drivers_that_are_killed_forget_nothing_and_count_nothing_twice(store: str) -> None:
    """Two drive at once, and one after the other is killed at a random moment: numbers run from 1 without a gap, the
    phase's starts and ends alternate, each row of the log is kept once, and the next one drives on."""
    stored(store, new=True)
    killed_at = []
    with driver(store, "bob"):
        for _ in range(KILLS):
            before = sum(one.by == "ann" for one in stored(store).events)
            with driver(store, "ann"):
                wanted = before + random.randint(1, 10)
                eventually(partial(has_done, store, "ann", wanted), f"ann's event {wanted}")
            killed_at.append(stored(store).number)
    left = stored(store)
    assert [one.number for one in left.events] == list(range(1, left.number + 1))
    assert killed_at == sorted(set(killed_at))
    moves = [one.kind in STARTS for one in left.events if one.kind in (*STARTS, *ENDS)]
    assert moves == [number % 2 == 0 for number in range(len(moves))]
    assert left.phases["preparation"].attempts == moves.count(True)
    assert (left.running is not None) == moves[-1]
    rows = [one.detail["action"] for one in left.events if one.kind is EventKind.ADVISED]
    assert len(rows) == len(set(rows)) > KILLS
    assert {one.status for one in left.phases.values()} <= {*PhaseStatus} - {PhaseStatus.COMPLETED}
