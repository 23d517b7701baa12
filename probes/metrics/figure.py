"""What may become the value of a series."""

import math

from baselines.measurement import Reason
from probes.errors import ProbeFailed


def figure_of(value: float) -> float:
    """The value, if it is one: Prometheus writes NaN where there was nothing to divide by. Raises ProbeFailed."""
    if not math.isfinite(value):
        raise ProbeFailed(Reason.TOO_LITTLE, f"the value is {value:g}: there was nothing to judge")
    if value < 0:
        raise ProbeFailed(Reason.ASSERTION, f"expected a value that is not negative, found {value:g}")
    return value
