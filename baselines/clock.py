"""Time as an argument: no room reads a clock of its own, so tests can move it."""

from datetime import datetime
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
