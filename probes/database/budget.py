"""How much of a database's time our statements may take: beyond its share a run is skipped."""

import math

from baselines.clock import Clock
from baselines.measurement import Reason
from probes.errors import ProbeFailed

# What lies longer back than this weighs less than a third (1/e): "the last minutes".
WINDOW_SECONDS = 300.0


class Budget:
    """The share of the wall clock that statements took lately, each second weighing less the longer ago it was."""

    def __init__(self, share: float, clock: Clock) -> None:
        self._share = share
        self._clock = clock
        self._taken = 0.0
        self._at = clock.monotonic()

    @property
    def taken(self) -> float:
        """From 0 (idle for long) to 1 (a statement was running all the time)."""
        return self._taken * math.exp((self._at - self._clock.monotonic()) / WINDOW_SECONDS)

    def require(self) -> None:
        """Raises ProbeFailed (budget) where more than the share was taken."""
        if self.taken > self._share:
            raise ProbeFailed(
                Reason.BUDGET,
                f"our statements took {self.taken:.0%} of this database's last minutes; its `share` is {self._share:g}",
            )

    def spend(self, seconds: float) -> None:
        """A statement that ended just now took that long."""
        self._taken = self.taken - math.expm1(-seconds / WINDOW_SECONDS)
        self._at = self._clock.monotonic()
