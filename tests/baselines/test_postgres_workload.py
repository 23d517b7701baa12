"""Bins in the store: what is written is read, and what is old goes."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from baselines.postgres_workload import PostgresWorkload
from baselines.workload import Usage, WorkloadGap
from monitor.database import store_pool
from tests.baselines.workloads import bins
from tests.clocks import START

BINS = [replace(one, other=Usage(3, 0.5, 1)) for one in bins({"insert": [0.1, 0.2], "select": [0.3, 0.4]})]
END = START + timedelta(hours=1)


@pytest.fixture
def visit(store: str) -> Callable[[Callable[[PostgresWorkload], Awaitable[None]]], None]:
    """Runs something on a migrated store that has the bins."""

    def run(act: Callable[[PostgresWorkload], Awaitable[None]]) -> None:
        async def on_a_pool() -> None:
            async with store_pool(store) as pool:
                workload = PostgresWorkload(pool)
                for one in [*BINS, *BINS]:
                    await workload.append("test", one)
                await act(workload)

        asyncio.run(on_a_pool())

    return run


Visit = Callable[[Callable[[PostgresWorkload], Awaitable[None]]], None]


def test_bins_are_read_as_they_were_written(visit: Visit) -> None:
    """Once, however often they were written, oldest first, with texts."""

    async def act(workload: PostgresWorkload) -> None:
        found = await workload.between("test", START, END)
        assert found == BINS
        assert [one.text for one in found[0].statements] == ["insert the table", "select the table"]
        assert [one.writes for one in found[0].statements] == [True, False]
        assert await workload.between("elsewhere", START, END) == []

    visit(act)


def test_a_bin_counts_where_some_of_it_is_in_the_time(visit: Visit) -> None:
    """Not where it only touches it."""

    async def act(workload: PostgresWorkload) -> None:
        second = START + timedelta(seconds=60)
        assert await workload.between("test", second - timedelta(seconds=1), second) == BINS[:1]
        assert await workload.between("test", second, END) == BINS[1:]

    visit(act)


def test_the_last_reason_of_a_database_is_told(visit: Visit) -> None:
    """What it was before is of no use to anybody."""

    async def act(workload: PostgresWorkload) -> None:
        gaps = [
            WorkloadGap(database="portal", at=START + timedelta(minutes=number), reason=reason)
            for number, reason in enumerate(("locked", "no extension"))
        ]
        for one in gaps:
            await workload.append("test", one)
        assert await workload.gaps("test", START, END) == gaps[1:]

    visit(act)


def test_what_is_old_goes_with_its_texts(visit: Visit) -> None:
    """A text stays as long as a bin needs it."""

    async def act(workload: PostgresWorkload) -> None:
        await workload.append("test", bins({"select": [0.5]}, since=END)[0])
        await workload.prune(END)
        (left,) = await workload.between("test", START, END + timedelta(hours=1))
        assert [one.key for one in left.statements] == ["select"]
        assert [row["key"] for row in await workload._pool.fetch("SELECT key FROM workload_statement")] == ["select"]

    visit(act)
