"""The geometry of two overlaid distributions: which share of calls had answered after how long (ECDF)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from baselines.samples import Samples
from baselines.series import Series
from dashboards.reports import figures
from dashboards.reports.forest import Tick
from dashboards.reports.scale import LogScale

# Of the drawing's own coordinates; more points than this can't be told apart on it.
WIDTH, HEIGHT = 640.0, 200.0
MOST_POINTS = 200
MARGIN = 1.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """Two step curves as SVG paths in a box of WIDTH × HEIGHT, the ticks of its axis, and its sentence."""

    before: str
    after: str
    ticks: Sequence[Tick]
    label: str


def distribution(series: Series, before: Sequence[Samples], after: Sequence[Samples]) -> Distribution | None:
    """The ECDF of both sides over a shared logarithmic axis; None where a side has no call that answered.

    Calls that failed or timed out count among all calls and never answer, so their curve ends below 100 %: leaving
    them out would make a side that times out look fast.
    """
    sides = [_answered(side) for side in (before, after)]
    values = np.concatenate([answered for answered, _ in sides])
    if any(not len(answered) for answered, _ in sides) or not (values > 0).any():
        return None
    floor = float(values[values > 0].min())
    scale = LogScale(floor / MARGIN, max(float(values.max()), floor) * MARGIN)
    reached = [len(answered) / total for answered, total in sides]
    return Distribution(
        before=_path(*sides[0], scale),
        after=_path(*sides[1], scale),
        ticks=[Tick(scale.position(tick), figures.mark(tick, series.unit)) for tick in scale.ticks()],
        label=(
            f"Share of calls of {series.name} answered within a time. "
            f"Half of those that answered: before {figures.quantity(float(np.median(sides[0][0])), series.unit)}, "
            f"after {figures.quantity(float(np.median(sides[1][0])), series.unit)}. "
            f"Answered at all: before {reached[0] * 100:.3g} %, after {reached[1] * 100:.3g} %."
        ),
    )


def _answered(sessions: Sequence[Samples]) -> tuple[NDArray[np.float64], int]:
    """The values of the calls that answered, sorted, and the number of all calls."""
    if not sessions:
        return np.empty(0), 0
    values = np.concatenate([one.values for one in sessions])
    timed_out = np.concatenate([one.timed_out for one in sessions])
    return np.sort(values[~np.isnan(values) & ~timed_out]), len(values)


def _path(answered: NDArray[np.float64], total: int, scale: LogScale) -> str:
    """A step curve from the lower left; at most MOST_POINTS steps, at evenly spaced ranks, the last one among them."""
    ranks = np.unique(np.linspace(1, len(answered), min(len(answered), MOST_POINTS)).astype(int))
    points = [(scale.position(answered[rank - 1]) / 100 * WIDTH, HEIGHT * (1 - rank / total)) for rank in ranks]
    steps = "".join(f"H{x:.1f}V{y:.1f}" for x, y in points)
    return f"M0 {HEIGHT:.0f}{steps}H{WIDTH:.0f}"
