"""The machine's own time: the one place that reads it."""

import asyncio
import time
from datetime import UTC, datetime


class SystemClock:
    """`baselines.clock.Clock` as the operating system has it."""

    def now(self) -> datetime:
        """The instant, timezone-aware UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since an arbitrary start; never goes back."""
        return time.perf_counter()

    async def sleep(self, seconds: float) -> None:
        """Wait that long; at once where it is not positive."""
        await asyncio.sleep(max(0.0, seconds))
