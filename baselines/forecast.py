"""Slow creep below any tolerance: whether a series has a trend, and in how many days it crosses a limit at that pace.

Hours are not independent, they have the rhythm of the day; so each day becomes one low location first, and the trend is
a line through the days that no single one of them can turn (Theil 1950, Sen 1968), on the log scale.
"""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date

import numpy as np

from baselines.rollup import Rollup
from baselines.series import Direction

# Fewer days show a week's rhythm rather than a trend.
LEAST_DAYS = 7
# A day of which more hours are missing has another rhythm than the others.
LEAST_HOURS = 20
# The day's location is this quantile of the 20th percentiles of its hours. Low: quiet hours differ least between a
# working day and a Sunday.
DAY_QUANTILE = 0.25
# Of the interval of the slope. It takes days as independent, and they drift together: simulated with days that are to
# one half like the next, 95 % sees a trend in 9 to 17 of 100 unchanged series, and 99 % in 1 to 9.
CONFIDENCE = 0.99
# Nobody can say so long before, whatever the line.
FARTHEST_DAYS = 365.0


@dataclass(frozen=True, slots=True)
class DaysUntil:
    """When a limit will be crossed at this pace, in days from the last whole one. `latest` is None beyond a year."""

    earliest: float
    latest: float | None

    @property
    def sentence(self) -> str:
        """For people: "in 12 to 30 days at this pace"."""
        first = math.floor(self.earliest)
        if self.latest is None:
            return f"in {first} days or more at this pace"
        return f"in {first} to {math.ceil(self.latest)} days at this pace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A series that moves. `level` is where it was in the middle of the days, in its base unit, `days` before the last.

    `slope` is the change of its log in a day (0.01 is 1 % a day), `slope_low` and `slope_high` its 99 % interval: all
    of one sign.
    """

    level: float
    days: float
    slope: float
    slope_low: float
    slope_high: float

    def days_until(self, limit: float, direction: Direction = Direction.CEILING) -> DaysUntil | None:
        """When the limit, in the base unit, will be crossed the bad way.

        None where the series moves the other way, is beyond the limit already, or needs more than a year.
        """
        if limit <= 0:
            return None
        bad = 1.0 if direction is Direction.CEILING else -1.0
        slow, fast = sorted((bad * self.slope_low, bad * self.slope_high))
        room = bad * math.log(limit / self.level)
        if slow <= 0 or room <= bad * self.slope * self.days:
            return None
        # Lines through the middle: the faster one is nearer to the limit by now.
        earliest, latest = max(0.0, room / fast - self.days), room / slow - self.days
        if earliest > FARTHEST_DAYS:
            return None
        return DaysUntil(earliest, latest if latest <= FARTHEST_DAYS else None)


def trend_of(hours: Iterable[Rollup]) -> Trend | None:
    """The trend of a series over the hours given, some weeks of them; None where there is none to be sure of.

    That is: below seven whole days, or where the interval of the slope includes zero.
    """
    locations = _daily_locations(hours)
    if len(locations) < LEAST_DAYS:
        return None
    from scipy import stats  # takes a second, for which only a forecast should wait

    last = max(locations)
    days = np.array([(day - last).days for day in locations], dtype=np.float64)
    logs = np.array(list(locations.values()))
    slope, _, low, high = stats.theilslopes(logs, days, alpha=CONFIDENCE)
    # Not for an interval that is not a number either.
    if not low * high > 0:
        return None
    return Trend(
        level=math.exp(np.median(logs)),
        days=-float(np.median(days)),
        slope=float(slope),
        slope_low=float(low),
        slope_high=float(high),
    )


def _daily_locations(hours: Iterable[Rollup]) -> dict[date, float]:
    """By UTC day the low location of the log, of days that were measured nearly all the time."""
    by_day = defaultdict[date, list[float]](list)
    for one in hours:
        if one.p20 is not None and one.p20 > 0:
            by_day[one.hour.astimezone(UTC).date()].append(math.log(one.p20))
    return {
        day: float(np.quantile(logs, DAY_QUANTILE)) for day, logs in sorted(by_day.items()) if len(logs) >= LEAST_HOURS
    }
