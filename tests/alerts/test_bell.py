"""A wait that can be cut short."""

import asyncio

from alerts.bell import Bell
from tests.alerts.house import ManualClock


def test_a_wait_ends_with_its_time_or_with_a_ring() -> None:
    """Without a ring it lasts as long as was said; a ring ends it, or the next one; each ring ends one wait."""

    async def scenario() -> None:
        clock = ManualClock()
        bell = Bell(clock)
        bell.ring()
        await bell.wait(60)
        waiting = asyncio.create_task(bell.wait(60))
        await asyncio.sleep(0.01)
        assert not waiting.done()
        bell.ring()
        await waiting
        waiting = asyncio.create_task(bell.wait(60))
        await asyncio.sleep(0.01)
        await clock.move(seconds=59)
        await asyncio.sleep(0.01)
        assert not waiting.done()
        await clock.move(seconds=1)
        await waiting

    asyncio.run(scenario())
