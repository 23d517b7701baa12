"""What one look brings back, before the runner makes measurements of it."""

import math
from dataclasses import dataclass

from baselines.measurement import Reason


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of one of the probe's series in its base unit, or the reason why there is none.

    `metric` is the series' name without its category; None means the probe's own name. A probe that failed as a whole
    raises ProbeFailed instead: a reason here is for the one series of several that could not be read, and `detail` the
    sentence on it, free of secrets.
    """

    value: float | None = None
    metric: str | None = None
    reason: Reason | None = None
    detail: str = ""

    def __post_init__(self) -> None:
        if (self.value is None) == (self.reason is None):
            raise ValueError("a reading has either a value or a reason why there is none")
        if self.value is not None and not (math.isfinite(self.value) and self.value >= 0):
            raise ValueError("a reading's value must be a finite number that is not negative")
