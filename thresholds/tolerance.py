"""How much slower than its baseline each series of a comparison may be."""

from collections.abc import Iterable
from typing import Final

from baselines.series import Series
from thresholds.matrix import ThresholdMatrix
from thresholds.profile import Profile
from thresholds.shipped import FigureError

LEAST_PERCENT: Final = 1.0
MOST_PERCENT: Final = 400.0


def tolerances(
    series: Iterable[Series], matrix: ThresholdMatrix, profile: Profile, tolerance_percent: float | None = None
) -> dict[str, float]:
    """The tolerated ratio after/before of each series, by its name (1.25 for 25 % slower).

    - `tolerance_percent` (1 to 400), where given, holds for every series
    - else the series' multiplier, under the profile `enhanced` no more than that allows (1.15 as shipped)

    Raises FigureError for a percentage out of bounds.
    """
    if tolerance_percent is not None:
        if not LEAST_PERCENT <= tolerance_percent <= MOST_PERCENT:
            raise FigureError(f"a tolerance of {tolerance_percent:g} %: give one from 1 to 400 percent")
        return {one.name: 1 + tolerance_percent / 100 for one in series}
    return {one.name: matrix.tolerance_of(one, profile)[0] for one in series}
