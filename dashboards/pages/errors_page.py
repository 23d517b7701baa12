"""Errors that the portal and its pages sent in: the last hour in words, the groups of a day, and one group."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboards.deployment.wording import duration
from dashboards.pages.axis import TimeAxis
from dashboards.pages.frame import Frame, render_page
from dashboards.reports.forest import Tick
from thresholds.error_trend import ErrorTrend
from thresholds.finding import Level

REFRESH_SECONDS = 60
# Of the drawing's own coordinates: stretched in its width.
BOX, HEIGHT = 960, 60


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorGroupView:
    """A kind of error. `is_told`: whether its class alerts."""

    fingerprint: str
    name: str
    message: str
    error_class: str
    level: Level
    action: str
    is_told: bool
    first_seen: datetime
    last_seen: datetime
    occurrences: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorEventView:
    """One error. `logs` and `sentry` lead elsewhere, and are empty where that is not configured."""

    fingerprint: str
    name: str
    message: str
    at: datetime
    correlation_id: str
    component: str
    action: str
    path: str
    browser: str
    logs: str
    sentry: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """A bar an hour as one path for a drawing of BOX × HEIGHT, its times, and its sentence."""

    path: str
    times: Sequence[Tick]
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorsPage:
    """The list: of a class where one is given, and of the errors that share an id where that is given. `is_open`:
    whether pages of any origin may send.
    """

    trend: ErrorTrend
    groups: Sequence[ErrorGroupView]
    events: Sequence[ErrorEventView]
    error_class: str
    correlation_id: str
    is_open: bool
    now: datetime

    @property
    def headline(self) -> str:
        """The last hour in a sentence."""
        if self.correlation_id:
            return f"{counted(len(self.events))} of one correlation id."
        if self.error_class:
            return f"{counted(self.trend.by_class.get(self.error_class, 0))} of this class in the last hour."
        before = self.trend.day_before or "none"
        return f"{counted(self.trend.total)} in the last hour, {before} in that hour a day before."


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorGroupPage:
    """One kind of error. `alert` is the path of the newest alert of its class, empty where there was none."""

    group: ErrorGroupView
    frames: Sequence[str]
    hours: Hours
    events: Sequence[ErrorEventView]
    alert: str
    now: datetime


def counted(number: int) -> str:
    """Such as `1 error`, `2 errors`, `No error`."""
    return f"{number:,} error{'' if number == 1 else 's'}" if number else "No error"


def hourly(counts: Mapping[datetime, int], now: datetime, hours: int) -> Hours:
    """The chart of the last so many hours; an hour without an error has no bar."""
    end = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    start = end - timedelta(hours=hours)
    most, width, bars = max(counts.values(), default=0), BOX // hours, []
    for number in range(hours):
        count = counts.get(start + timedelta(hours=number), 0)
        if count:
            height = max(2, round(count / most * HEIGHT))
            bars.append(f"M{number * width} {HEIGHT - height}h{width - 2}v{height}h-{width - 2}z")
    label = f"{counted(sum(counts.values()))} in {hours} hours, at most {most} in one of them."
    return Hours(path="".join(bars), times=TimeAxis(start, end).ticks(), label=label)


def render_errors_page(page: ErrorsPage, frame: Frame, *, reload: bool = True) -> str:
    """The list as HTML; it renews itself unless told otherwise."""
    every = REFRESH_SECONDS if reload else None
    return render_page("errors.html.j2", frame, title="Errors", reload=every, page=page, duration=duration)


def render_error_page(page: ErrorGroupPage, frame: Frame, *, reload: bool = True) -> str:
    """One kind of error as HTML; it renews itself unless told otherwise."""
    every = REFRESH_SECONDS if reload else None
    title = page.group.name
    return render_page("error.html.j2", frame, title=title, reload=every, page=page, box=BOX, height=HEIGHT)
