"""The course of a series over time as a drawing: its usual calls, their spread, what is tolerated, and what failed.

All positions are percent of the drawing, so that it can be as wide as there is room while its texts keep their size.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from baselines.rollup import Stretch
from baselines.series import Direction, Series
from dashboards.pages.axis import TimeAxis, ValueAxis
from dashboards.reports import figures
from dashboards.reports.forest import Tick

# A limit further above everything that was measured than this would press the course to the ground: it is told instead.
_FAR = 2.5
# Paths are in a box of this size that is stretched over the drawing.
BOX = 1000


@dataclass(frozen=True, slots=True)
class Mark:
    """A line across: where, what it is, and what stands at it."""

    position: float
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Bar:
    """Failed calls of a stretch: where, how wide, and the share that failed; percent all of them."""

    left: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What a series is held against, in its unit: the usual call of the baseline and what it may become at most."""

    name: str
    level: float
    limit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One drawing. `band` is from the top in percent (top, height); `far` tells of limits that lie far above."""

    values: Sequence[Tick]
    times: Sequence[Tick]
    spread: str
    median: str
    dots: str
    band: tuple[float, float] | None
    marks: Sequence[Mark]
    releases: Sequence[Mark]
    failures: Sequence[Bar]
    far: Sequence[str]
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What is drawn: figures of stretches of that length between two instants, in the order of time.

    `limits` are (level, value) in the unit of the series; `releases` are (since when, name).
    """

    series: Series
    start: datetime
    end: datetime
    length: timedelta
    stretches: Sequence[Stretch]
    reference: Reference | None = None
    limits: Sequence[tuple[str, float]] = ()
    releases: Sequence[tuple[datetime, str]] = ()


def chart_of(course: Course) -> Chart | None:
    """The drawing; None where nothing was measured in that time."""
    stretches = [one for one in course.stretches if one.n]
    if not stretches:
        return None
    times = TimeAxis(course.start, course.end)
    measured = [high for one in stretches for high in (one.median, one.p95) if high is not None]
    highest = max(measured, default=0.0)
    held = course.reference
    lines = [*course.limits, *([("baseline", held.level), ("tolerated", held.limit)] if held else [])]
    shown = [value for _, value in lines if value <= _FAR * highest or course.series.direction is Direction.FLOOR]
    axis = ValueAxis.over([*measured, *shown], course.series.unit)
    runs = _runs(stretches, course.length)
    return Chart(
        values=axis.ticks(),
        times=times.ticks(),
        spread="".join(_area(run, times, axis) for run in runs),
        median="".join(_line(run, times, axis, course.length) for run in runs),
        dots="".join(_dot(run[0], times, axis, course.length) for run in runs if len(run) == 1),
        band=_band(held, axis),
        marks=[*_marks(course, axis)],
        releases=[Mark(times.position(at), "release", name) for at, name in course.releases if times.holds(at)],
        failures=[_bar(one, times, course.length) for one in stretches if one.failed],
        far=[f"{_limit_name(name)} {_told(value, course)}" for name, value in lines if not axis.holds(value)],
        label=_label(course, stretches),
    )


def _runs(stretches: Sequence[Stretch], length: timedelta) -> list[list[Stretch]]:
    """Stretches with a median that follow each other without a gap: a line over a gap would claim to know."""
    runs: list[list[Stretch]] = []
    for one in stretches:
        if one.median is None:
            continue
        if runs and one.at - runs[-1][-1].at <= 1.5 * length:
            runs[-1].append(one)
        else:
            runs.append([one])
    return runs


def _x(at: datetime, times: TimeAxis) -> str:
    return f"{times.position(at) * BOX / 100:.0f}"


def _y(value: float, axis: ValueAxis) -> str:
    return f"{axis.position(value) * BOX / 100:.0f}"


def _line(run: Sequence[Stretch], times: TimeAxis, axis: ValueAxis, length: timedelta) -> str:
    points = [f"{_x(one.at + length / 2, times)} {_y(one.median, axis)}" for one in run if one.median is not None]
    return f"M{'L'.join(points)}" if len(points) > 1 else ""


def _dot(one: Stretch, times: TimeAxis, axis: ValueAxis, length: timedelta) -> str:
    """A point without neighbours: a line of no length with a round end."""
    return f"M{_x(one.at + length / 2, times)} {_y(one.median or 0.0, axis)}h0"


def _area(run: Sequence[Stretch], times: TimeAxis, axis: ValueAxis) -> str:
    both = [one for one in run if one.p20 is not None and one.p95 is not None]
    if len(both) < 2:
        return ""
    half = (both[1].at - both[0].at) / 2
    upper = [f"{_x(one.at + half, times)} {_y(one.p95 or 0.0, axis)}" for one in both]
    lower = [f"{_x(one.at + half, times)} {_y(one.p20 or 0.0, axis)}" for one in reversed(both)]
    return f"M{'L'.join([*upper, *lower])}Z"


def _band(held: Reference | None, axis: ValueAxis) -> tuple[float, float] | None:
    if held is None or not axis.holds(held.level):
        return None
    top, bottom = axis.position(held.limit), axis.position(held.level)
    return top, round(bottom - top, 2)


def _marks(course: Course, axis: ValueAxis) -> list[Mark]:
    held = course.reference
    marks = [
        Mark(axis.position(value), name, f"{_limit_name(name)} {_told(value, course)}")
        for name, value in course.limits
        if axis.holds(value)
    ]
    if held is not None and axis.holds(held.level):
        marks.append(Mark(axis.position(held.level), "baseline", f"{held.name} {_told(held.level, course)}"))
    return marks


def _limit_name(name: str) -> str:
    return name if name in ("baseline", "tolerated") else f"{name} limit"


def _bar(one: Stretch, times: TimeAxis, length: timedelta) -> Bar:
    left = times.position(one.at)
    width = times.position(one.at + length) - left
    return Bar(left, round(max(width, 0.4), 2), round(max(100 * one.failed / one.n, 20.0), 1))


def _told(value: float, course: Course) -> str:
    return figures.quantity(value, course.series.unit)


def _label(course: Course, stretches: Sequence[Stretch]) -> str:
    unit = course.series.unit
    medians = [one.median for one in stretches if one.median is not None]
    calls, failed = sum(one.n for one in stretches), sum(one.failed for one in stretches)
    sentences = [f"{course.series.name} from {course.start:%d %b %H:%M} to {course.end:%d %b %H:%M} UTC."]
    if medians:
        sentences.append(
            f"The usual call lay between {figures.quantity(min(medians), unit)} and "
            f"{figures.quantity(max(medians), unit)}, last at {figures.quantity(medians[-1], unit)}."
        )
    if course.reference is not None:
        held = course.reference
        sentences.append(
            f"{held.name[:1].upper()}{held.name[1:]} has {figures.quantity(held.level, unit)}, up to "
            f"{figures.quantity(held.limit, unit)} is tolerated."
        )
    sentences += [f"The {name} limit is {figures.quantity(value, unit)}." for name, value in course.limits]
    sentences.append(f"{failed:,} of {calls:,} calls failed." if failed else f"None of {calls:,} calls failed.")
    return " ".join(sentences)
