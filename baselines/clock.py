"""Time as an argument: no room reads a clock of its own, so tests can move it."""

from datetime import datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Instants for people and stores, a monotonic count for durations, and waiting."""

    def now(self) -> datetime:
        """The instant, timezone-aware UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds since an arbitrary start; never goes back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait that long; at once where it is not positive."""
        ...


class SteadyClock:
    """A `Clock` whose instants follow the monotonic count of another: nobody can set it back meanwhile."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began_at = clock.now()
        self._began = clock.monotonic()

    def now(self) -> datetime:
        """The instant it would be had the clock been left alone since."""
        return self._began_at + timedelta(seconds=self._clock.monotonic() - self._began)

    def monotonic(self) -> float:
        """Seconds since an arbitrary start; never goes back."""
        return self._clock.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait that long; at once where it is not positive."""
        await self._clock.sleep(seconds)
