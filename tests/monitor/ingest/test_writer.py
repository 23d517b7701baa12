"""What came in is written many at once, and what the store does not take is bounded."""

import asyncio
from collections.abc import Sequence

import asyncpg

from monitor.ingest.writer import BatchWriter


class Table:
    """Takes batches unless it is away, and never the number 13."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.away = False
        self.dropped = 0

    async def write(self, items: Sequence[int]) -> None:
        """All of them or none."""
        if self.away:
            raise ConnectionRefusedError
        if 13 in items:
            raise asyncpg.DataError
        self.batches.append(list(items))

    def drop(self, count: int) -> None:
        """Count what is lost."""
        self.dropped += count


def test_what_waits_is_written_in_batches() -> None:
    """In its order, none larger than a batch."""

    async def run() -> None:
        table = Table()
        writer = BatchWriter(table.write, table.drop, batch=4)
        for number in range(10):
            writer.put(number)
        assert await writer.flush()
        assert table.batches == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]

    asyncio.run(run())


def test_while_the_store_is_away_the_newest_are_kept() -> None:
    """The oldest are dropped and counted; the rest is written when it is back."""

    async def run() -> None:
        table = Table()
        table.away = True
        writer = BatchWriter(table.write, table.drop, capacity=5, batch=2)
        for number in range(8):
            writer.put(number)
        assert not await writer.flush()
        assert (len(writer), table.dropped) == (5, 3)
        table.away = False
        assert await writer.flush()
        assert table.batches == [[3, 4], [5, 6], [7]]

    asyncio.run(run())


def test_one_that_the_store_rejects_is_dropped_alone() -> None:
    """Its neighbours are written."""

    async def run() -> None:
        table = Table()
        writer = BatchWriter(table.write, table.drop)
        for number in (12, 13, 14):
            writer.put(number)
        assert await writer.flush()
        assert (table.batches, table.dropped) == ([[12], [14]], 1)

    asyncio.run(run())


def test_it_writes_by_itself_and_leaves_nothing_behind() -> None:
    """As soon as there is a batch, and otherwise after its time; a cancelled write goes back."""

    async def run() -> None:
        table = Table()
        writer = BatchWriter(table.write, table.drop, batch=3, every_seconds=0.01)
        task = asyncio.create_task(writer.run())
        for number in range(4):
            writer.put(number)
        while sum(map(len, table.batches)) < 4:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        task.cancel()
        assert table.batches == [[0, 1, 2], [3]] or table.batches == [[0, 1, 2, 3]]

    asyncio.run(run())
