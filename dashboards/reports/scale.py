"""A logarithmic axis: equal factors are equal distances, so twice as slow looks as far as twice as fast."""

import math
from dataclasses import dataclass

# From the coarsest to the finest: the first that puts enough ticks on the axis wins.
TICK_STEPS: tuple[tuple[float, ...], ...] = (
    (1.0,),
    (1.0, 3.0),
    (1.0, 2.0, 5.0),
    (1.0, 1.5, 2.0, 3.0, 5.0, 7.0),
    tuple(round(1 + step / 10, 1) for step in range(90)),
    tuple(round(1 + step / 100, 2) for step in range(900)),
)
# In percent of the width: a label such as "250 ms" at the size of a phone.
LEAST_APART = 11.0


@dataclass(frozen=True, slots=True)
class LogScale:
    """Maps values from `low` to `high` (both positive, low < high) onto 0 to 100 percent of a width."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not 0 < self.low < self.high:
            raise ValueError(f"a logarithmic axis needs 0 < low < high, got {self.low} and {self.high}")

    def position(self, value: float) -> float:
        """Percent of the width; values beyond an end are put onto it."""
        inside = min(max(value, self.low), self.high)
        return round(100 * math.log(inside / self.low) / math.log(self.high / self.low), 2)

    def ticks(self, wanted: int = 4) -> list[float]:
        """Round numbers on the axis, at least `wanted` where such fine steps exist, and few more."""
        ticks: list[float] = []
        for steps in TICK_STEPS:
            ticks = self._at(steps)
            if len(ticks) >= wanted:
                break
        return self._apart(ticks)

    def _apart(self, ticks: list[float]) -> list[float]:
        """Those that leave room for the text of the one before."""
        kept: list[float] = []
        for tick in ticks:
            if not kept or self.position(tick) - self.position(kept[-1]) >= LEAST_APART:
                kept.append(tick)
        return kept

    def _at(self, steps: tuple[float, ...]) -> list[float]:
        decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        values = (step * 10.0**decade for decade in decades for step in steps)
        return [value for value in values if self.low <= value <= self.high]
