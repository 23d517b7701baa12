"""The geometry of two overlaid distributions: which share of calls had answered after how long (ECDF).

Below it a dot a session, where the session is judged to lie: how far these lie apart is what a change has to exceed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from baselines.location import judged_band, log_locations
from baselines.samples import Samples
from baselines.series import Series
from dashboards.reports import figures
from dashboards.reports.forest import Tick
from dashboards.reports.scale import LogScale

# Of the drawing's own coordinates; more points than this can't be told apart on it.
WIDTH, HEIGHT = 640.0, 200.0
MOST_POINTS = 80
MARGIN = 1.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """Two step curves as SVG paths in a box of WIDTH × HEIGHT, the sessions of both sides and the ticks of the axis as
    positions in percent of the width, and the picture's sentence."""

    before: str
    after: str
    sessions_before: Sequence[float]
    sessions_after: Sequence[float]
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
    locations = [_locations(side, [*before, *after]) for side in (before, after)]
    return Distribution(
        before=_path(*sides[0], scale),
        after=_path(*sides[1], scale),
        sessions_before=[scale.position(each) for each in locations[0]],
        sessions_after=[scale.position(each) for each in locations[1]],
        ticks=[Tick(scale.position(tick), figures.mark(tick, series.unit)) for tick in scale.ticks()],
        label=(
            f"Share of calls of {series.name} answered within a time. "
            f"Half of those that answered: before {figures.quantity(float(np.median(sides[0][0])), series.unit)}, "
            f"after {figures.quantity(float(np.median(sides[1][0])), series.unit)}. "
            f"Answered at all: before {reached[0] * 100:.3g} %, after {reached[1] * 100:.3g} %. "
            f"Sessions lie at {_range(locations[0], series)} before and {_range(locations[1], series)} after."
        ),
    )


def _answered(sessions: Sequence[Samples]) -> tuple[NDArray[np.float64], int]:
    """The values of the calls that answered, sorted, and the number of all calls."""
    if not sessions:
        return np.empty(0), 0
    values = np.concatenate([one.values for one in sessions])
    timed_out = np.concatenate([one.timed_out for one in sessions])
    return np.sort(values[~np.isnan(values) & ~timed_out]), len(values)


def _locations(side: Sequence[Samples], both: Sequence[Samples]) -> list[float]:
    """Where each session is judged to lie, in base units; sessions without a location are left out."""
    bands = np.tile(judged_band(both), (len(side), 1))
    locations = np.exp(log_locations(side, bands))
    return [float(each) for each in locations if np.isfinite(each) and each > 0]


def _range(locations: Sequence[float], series: Series) -> str:
    if not locations:
        return "no known time"
    return figures.span(min(locations), max(locations), series.unit)


def _path(answered: NDArray[np.float64], total: int, scale: LogScale) -> str:
    """A step curve from the lower left; at most MOST_POINTS steps, at evenly spaced ranks, the last one among them."""
    ranks = np.unique(np.linspace(1, len(answered), min(len(answered), MOST_POINTS)).astype(int))
    points = [(scale.position(answered[rank - 1]) / 100 * WIDTH, HEIGHT * (1 - rank / total)) for rank in ranks]
    steps = "".join(f"H{x:.0f}V{y:.0f}" for x, y in points)
    return f"M0 {HEIGHT:.0f}{steps}H{WIDTH:.0f}"
