"""What there is to show: the user's own series, sorted by the dashboard that an investigation would look at."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from baselines.series import Series, Unit
from thresholds.finding import Level


class Area(StrEnum):
    """The part of the portal that a series tells of; each has a dashboard."""

    API = "api"
    DATABASE = "database"
    FRONT_END = "front end"
    HOST = "host"
    FEATURES = "portal features"


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedSeries:
    """A series with its area, its absolute limits by level (in its base unit) and its tolerated ratio to the baseline.

    `timed_in_phases`: its probe calls something itself, and knows where the time of a call goes.
    """

    series: Series
    area: Area
    limits: Mapping[Level, float] = field(default_factory=dict)
    tolerance: float
    timed_in_phases: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """All series of a configuration, and the figures that hold for all of them together.

    `error_ratio_limit`: the share of failed calls from which on it is critical. `hold_over` and `roll_back_over`: the
    ratios to the baseline at which a deployment is held and rolled back. `expected`: what the customer's matrix lists
    for an area, measured or not, with its limit as a person reads it.
    """

    series: Sequence[WatchedSeries]
    error_ratio_limit: float
    hold_over: float
    roll_back_over: float
    expected: Mapping[Area, Mapping[str, str]] = field(default_factory=dict)

    @property
    def tolerance(self) -> float:
        """The strictest tolerance of any series; that of the matrix' default where there is no series."""
        return min((one.tolerance for one in self.series if one.series.is_duration), default=self.hold_over)

    def of(self, area: Area) -> Sequence[WatchedSeries]:
        """The series of one area."""
        return [one for one in self.series if one.area is area]

    def pattern(self, ours: Sequence[WatchedSeries]) -> str:
        """A regular expression, anchored as Prometheus anchors it, that matches these series and no others.

        By category where that is enough, so that it stays short however many probes there are.
        """
        names = {one.series.name for one in ours}
        mixed = {one.series.category for one in self.series if one.series.name not in names}
        whole = dict.fromkeys(one.series.category for one in ours if one.series.category not in mixed)
        single = [one.series.name for one in ours if one.series.category in mixed]
        parts = [f"{category}[.].+" for category in whole] + [re.escape(name).replace("\\.", "[.]") for name in single]
        return "|".join(parts)

    def unmeasured(self, area: Area) -> Mapping[str, str]:
        """What the matrix lists for the area and no probe measures, with its limit."""
        measured = {one.series.name for one in self.series}
        return {name: limit for name, limit in self.expected.get(area, {}).items() if name not in measured}


def units(series: Iterable[WatchedSeries]) -> Sequence[Unit]:
    """The units of these series, each once, in the order of the units."""
    found = {one.series.unit for one in series}
    return [unit for unit in Unit if unit in found]
