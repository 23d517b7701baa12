"""The share of blocks that a real server finds in its cache."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import asyncpg

from probes.database.connection import connect
from probes.deployment.cache import BlockCounts, hit_ratio, read_blocks
from tests.probes.deployment.watching import target

COUNTS = BlockCounts(hits=1000, reads=200, reset_at=None, started_at=datetime(2025, 1, 1, tzinfo=UTC))


def test_the_ratio_is_of_what_was_read_in_between() -> None:
    """What was read before does not matter."""
    assert hit_ratio(COUNTS, replace(COUNTS, hits=1090, reads=210)) == 0.9
    assert hit_ratio(COUNTS, replace(COUNTS, hits=1000, reads=210)) == 0.0


def test_nothing_read_is_no_ratio() -> None:
    """Neither 0 nor 1."""
    assert hit_ratio(COUNTS, COUNTS) is None


def test_counters_that_began_anew_are_no_ratio() -> None:
    """A reset, another start of the server, and counters that go back."""
    later = replace(COUNTS, hits=1090, reads=210)
    assert hit_ratio(COUNTS, replace(later, reset_at=datetime(2025, 1, 2, tzinfo=UTC))) is None
    assert hit_ratio(COUNTS, replace(later, started_at=datetime(2025, 1, 2, tzinfo=UTC))) is None
    assert hit_ratio(COUNTS, replace(COUNTS, hits=10, reads=500)) is None


def test_a_real_server_counts_what_is_read(portal_database: str, probe_role: str) -> None:
    """A scan of a table that is in the cache adds hits and next to no reads, once its session has handed them in."""

    async def main() -> tuple[BlockCounts, BlockCounts]:
        ours = await connect(target(probe_role))
        reader = await asyncpg.connect(portal_database)
        try:
            await reader.fetchval("SELECT count(*) FROM portfolio_valuations")
            await reader.execute("SELECT pg_stat_force_next_flush()")
            before = await read_blocks(ours)
            for _ in range(50):
                await reader.fetchval("SELECT count(*) FROM portfolio_valuations")
            await reader.execute("SELECT pg_stat_force_next_flush()")
            return before, await read_blocks(ours)
        finally:
            await reader.close()
            await ours.close()

    before, after = asyncio.run(main())
    assert after.hits - before.hits > 1000
    ratio = hit_ratio(before, after)
    assert ratio is not None
    assert ratio > 0.9
