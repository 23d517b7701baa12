"""How often something happened within a while, where each run of a probe counts only what is new since the last one."""

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta


class WindowCount:
    """The increments of the last window, added up.

    Where the window is not yet full, or runs were missed, the sum is "at least so many": it can break a ceiling and
    never does so wrongly.
    """

    def __init__(self, window_seconds: float, cadence_seconds: float) -> None:
        # Runs are never quite on time: what was counted mostly before the window began is left out, the rest is in.
        self._reach = timedelta(seconds=window_seconds - cadence_seconds / 2)
        self._increments = deque[tuple[datetime, float]]()
        self._sum = 0.0

    def restore(self, earlier: Iterable[tuple[datetime, float]]) -> None:
        """Take in what was counted before the oldest increment there is, in the order of time."""
        oldest = self._increments[0][0] if self._increments else None
        known = [one for one in earlier if one[1] and (oldest is None or one[0] < oldest)]
        self._increments.extendleft(reversed(known))
        self._sum += sum(count for _, count in known)

    def add(self, at: datetime, count: float) -> float:
        """One more increment, counted until that instant; the sum of the window that ends there."""
        if count:  # mostly nothing happened, and nothing need not be remembered
            self._increments.append((at, count))
            self._sum += count
        while self._increments and at - self._increments[0][0] > self._reach:
            self._sum -= self._increments.popleft()[1]
        return self._sum
