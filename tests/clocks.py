"""A clock that tests move."""

import asyncio
from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # a Monday


class ManualClock:
    """`baselines.clock.Clock` whose time passes only by sleeping on it or by `advance`."""

    def __init__(self, now: datetime = START) -> None:
        self._now = now
        self._monotonic = 1000.0

    def now(self) -> datetime:
        """The instant it was moved to."""
        return self._now

    def monotonic(self) -> float:
        """Seconds since an arbitrary start."""
        return self._monotonic

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds

    def set_back(self, seconds: float) -> None:
        """Somebody sets the wall clock; no time passes."""
        self._now -= timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        """Time passes at once."""
        if seconds > 0:
            self.advance(seconds)
        await asyncio.sleep(0)
