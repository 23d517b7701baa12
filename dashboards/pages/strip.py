"""The last hours of a series as a strip of bars: how high the usual call lay, and when something was wrong."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from baselines.rollup import Hour
from baselines.series import Direction, Series
from dashboards.reports import figures

HOURS = 24
# Of the drawing's own coordinates: an hour is four wide with a gap of one.
PITCH, HEIGHT = 5, 24
# A bar is never so low that it can't be seen, and a gap is a dot on the ground.
_LEAST = 4


class Standing(StrEnum):
    """How one hour of a series was. A shape goes with each: bars, bars with a cap, full height with a notch, dots."""

    WELL = "well"
    OVER = "over"
    FAILED = "failed"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """Paths by kind for one drawing of `width` × HEIGHT, and its sentence."""

    paths: Sequence[tuple[str, str]]
    label: str
    standings: Sequence[Standing]

    @property
    def width(self) -> int:
        """How wide the drawing is in its own coordinates."""
        return PITCH * HOURS - 1

    @property
    def height(self) -> int:
        """How high it is."""
        return HEIGHT


def strip_of(series: Series, hours: Sequence[Hour], now: datetime, *, limit: float | None = None) -> Strip:
    """The last 24 hours, the running one last. `hours` may come in any order and leave some out.

    `limit`, in the unit of the series: a median beyond it is over (or under, where less is worse).
    """
    by_hour = {one.at: one for one in hours}
    shown = [by_hour.get(hour) for hour in _hours_until(now.replace(minute=0, second=0, microsecond=0))]
    highest = max((one.median for one in shown if one and one.median), default=0.0)
    standings = [_standing(one, series, limit) for one in shown]
    bars: dict[str, list[str]] = {one.value: [] for one in Standing}
    for number, (one, standing) in enumerate(zip(shown, standings, strict=True)):
        share = one.median / highest if one and one.median and highest else 0.0
        bars[standing].append(_bar(PITCH * number, standing, share))
    paths = [(kind, "".join(drawn)) for kind, drawn in bars.items() if drawn]
    return Strip(paths=paths, label=_label(series, shown, standings), standings=standings)


def worst_of(name: str, strips: Sequence[Strip]) -> Strip:
    """The worst that happened in each hour of several series, as one strip of bars of one height."""
    order = (Standing.FAILED, Standing.OVER, Standing.WELL, Standing.NOTHING)
    standings = [min(hour, key=order.index) for hour in zip(*(one.standings for one in strips), strict=True)]
    bars: dict[str, list[str]] = {one.value: [] for one in Standing}
    for number, standing in enumerate(standings):
        bars[standing].append(_bar(PITCH * number, standing, 0.6))
    paths = [(kind, "".join(drawn)) for kind, drawn in bars.items() if drawn]
    return Strip(paths=paths, label=f"The last 24 hours of {name}: {_counts(standings)}.", standings=standings)


@lru_cache(maxsize=4)
def _hours_until(running: datetime) -> Sequence[datetime]:
    """The hours shown; the same ones for every series of a page."""
    return [running - timedelta(hours=ago) for ago in range(HOURS - 1, -1, -1)]


def _standing(hour: Hour | None, series: Series, limit: float | None) -> Standing:
    if hour is None or not hour.n:
        return Standing.NOTHING
    if hour.failed:
        return Standing.FAILED
    if limit is None or hour.median is None:
        return Standing.WELL
    over = hour.median < limit if series.direction is Direction.FLOOR else hour.median > limit
    return Standing.OVER if over else Standing.WELL


def _bar(x: int, standing: Standing, share: float) -> str:
    match standing:
        case Standing.NOTHING:
            return f"M{x + 1} {HEIGHT - 2}h2v2h-2z"
        case Standing.FAILED:  # full height, cut in two by a slanting gap
            return f"M{x} 0h4v9l-4 4zM{x} 16l4-4v12h-4z"
    height = max(_LEAST, round(share * (HEIGHT - 5)))
    bar = f"M{x} {HEIGHT - height}h4v{height}h-4z"
    return bar if standing is Standing.WELL else f"{bar}M{x} 0h4v3h-4z"


def _counts(standings: Sequence[Standing]) -> str:
    words = {
        Standing.FAILED: "with failed calls",
        Standing.OVER: "beyond a limit",
        Standing.WELL: "well",
        Standing.NOTHING: "not measured",
    }
    counted = Counter(standings)
    return ", ".join(f"{counted[one]} {word}" for one, word in words.items() if counted[one])


def _label(series: Series, shown: Sequence[Hour | None], standings: Sequence[Standing]) -> str:
    medians = [one.median for one in shown if one and one.median is not None]
    lay = f"; medians {figures.span(min(medians), max(medians), series.unit)}" if medians else ""
    return f"Hours of the last 24 of {series.name}: {_counts(standings)}{lay}."
