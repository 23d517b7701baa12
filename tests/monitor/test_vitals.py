"""Looks at the service itself."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from baselines import Measurement, Outcome, Series, SeriesRegistry
from monitor.database import store_pool
from monitor.link import Heartbeat
from monitor.spool import Spool
from monitor.vitals import Vitals, process_name
from monitor.watch import Watch
from tests.clocks import ManualClock

SERIES = SeriesRegistry([Series("q.a", cadence_seconds=30.0)])


def test_a_look_tells_what_is_there(store: str, tmp_path: Path) -> None:
    """The store's answer, the age of the heartbeat, and what lies in the spool."""

    async def run() -> None:
        clock, spool = ManualClock(), Spool(tmp_path / "spool.jsonl")
        watch = Watch(SERIES, clock.now())
        async with store_pool(store) as pool:
            vitals = Vitals(pool, spool, watch, clock)
            await vitals.look()
            (first,) = vitals.pulses
            assert first.store_seconds is not None
            assert (first.heartbeat_seconds, first.spool_bytes) == (None, 0)

            watch.heard(Heartbeat(0, 0), clock.now())
            now = clock.now()
            spool.append([Measurement(series="q.a", intended_at=now, started_at=now, outcome=Outcome.OK, value=0.1)])
            clock.advance(4)
            await vitals.look()
            assert vitals.pulses[-1].heartbeat_seconds == 4
            assert vitals.pulses[-1].spool_bytes > 0
            assert {one.name for one in await vitals.table_sizes()} >= {"series", "sample_chunk"}

    asyncio.run(run())


def test_a_store_that_is_away_is_a_gap(tmp_path: Path) -> None:
    """And the looking goes on."""

    async def run() -> None:
        clock = ManualClock()
        pool = asyncpg.create_pool("postgresql://nobody@127.0.0.1:1/none", min_size=0)
        async with pool:
            vitals = Vitals(pool, Spool(tmp_path / "spool.jsonl"), Watch(SERIES, clock.now()), clock)
            await vitals.look()
            assert vitals.pulses[-1].store_seconds is None

    asyncio.run(run())


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["python", "-P", "-m", "monitor.probing", "--link-fd=3"], "probing"),
        (["python", "-P", "-m", "monitor.service"], "serving"),
        (["python", "-P", "-m", "monitor", "serve"], "supervisor"),
        (["python", "/opt/bin/portalwatch", "serve", "--config", "x.yml"], "supervisor"),
        (["postgres", "-D", "data"], None),
    ],
)
def test_processes_are_told_by_what_they_run(command: list[str], expected: str | None) -> None:
    """Those of ours by name, all others not at all."""
    assert process_name(command) == expected
