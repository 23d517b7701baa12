"""A wait that can be cut short."""

import asyncio

from baselines.clock import Clock


class Bell:
    """One loop waits at it, anybody on the same event loop rings it. A ring before the wait is not lost."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """End the wait that is on, or else the next one."""
        self._rung.set()

    async def wait(self, seconds: float) -> bool:
        """Return after that long, or at the ring; whether it was rung."""
        waits = {asyncio.ensure_future(self._clock.sleep(seconds)), asyncio.ensure_future(self._rung.wait())}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()
        rung = self._rung.is_set()
        self._rung.clear()
        return rung
