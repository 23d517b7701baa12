"""The checks that follow a deployment: the latest run of each, and how the runs of the last days ended."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboards.ages import lasting
from dashboards.pages.axis import TimeAxis
from dashboards.pages.frame import Frame, render_page
from dashboards.reports.forest import Tick
from thresholds import CheckKind, CheckReport, CheckStatus

REFRESH_SECONDS = 60
TITLES: Mapping[CheckKind, str] = {
    CheckKind.SYSTEM_HEALTH: "System health validation",
    CheckKind.PERFORMANCE: "Performance test suite",
    CheckKind.INDEX_USAGE: "Index usage analysis",
    CheckKind.CONSTRAINTS: "Constraint validation",
}
# Of the drawing's own coordinates: stretched in its width, so that any number of runs finds room.
BOX, HEIGHT = 1000, 24


@dataclass(frozen=True, slots=True)
class CheckRun:
    """How one kept run ended, by component."""

    at: datetime
    components: Mapping[str, CheckStatus]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A component over time: paths by kind for a drawing of BOX × HEIGHT, and its sentence."""

    name: str
    paths: Sequence[tuple[str, str]]
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """One chart: a row a component, all on one axis of time."""

    rows: Sequence[Row]
    times: Sequence[Tick]
    runs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSection:
    """A check: its latest report and its history, None where there is none. `every_seconds` is from the schedule."""

    kind: CheckKind
    every_seconds: float
    report: CheckReport | None
    history: History | None

    @property
    def every(self) -> str:
        """How often it is due, for people."""
        return lasting(self.every_seconds)

    @property
    def title(self) -> str:
        """Its name for people."""
        return TITLES[self.kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecksPage:
    """Everything the page shows. `scheduled`: whether they run by themselves now."""

    sections: Sequence[CheckSection]
    scheduled: bool
    now: datetime

    @property
    def headline(self) -> str:
        """How the checks stand, in a sentence."""
        latest = [one.report for one in self.sections if one.report is not None]
        if not latest:
            return "No check was kept yet."
        counted = Counter(one.status for one in latest)
        if not (counted[CheckStatus.FAIL] or counted[CheckStatus.WARNING]):
            return f"{'All four checks pass' if len(latest) == len(self.sections) else 'What was checked passes'}."
        parts = [(counted[CheckStatus.FAIL], "fail"), (counted[CheckStatus.WARNING], "warn")]
        words = [f"{count} {word}{'' if count > 1 else 's'}" for count, word in parts if count]
        return f"{' and '.join(words)}, of {len(latest)} checks."


def history_of(runs: Sequence[CheckRun], start: datetime, end: datetime) -> History | None:
    """The chart of runs in the order of time; None where there was none."""
    if not runs:
        return None
    axis = TimeAxis(start, end)
    names = dict.fromkeys(name for one in reversed(runs) for name in one.components)
    return History(rows=[_row(name, runs, axis) for name in names], times=axis.ticks(), runs=len(runs))


def _row(name: str, runs: Sequence[CheckRun], axis: TimeAxis) -> Row:
    found = [(one.at, one.components[name]) for one in runs if name in one.components]
    drawn: dict[CheckStatus, list[str]] = {status: [] for status in CheckStatus}
    for at, status in found:
        drawn[status].append(_bar(round(axis.position(at) * BOX / 100), status))
    counted = Counter(status for _, status in found)
    told = ", ".join(f"{counted[status]} {status}" for status in CheckStatus if counted[status])
    # The graver lies on top.
    paths = [(status.lower(), "".join(bars)) for status, bars in drawn.items() if bars]
    return Row(name=name, paths=paths, label=f"{name}: {len(found)} runs, {told}; the last one {found[-1][1]}.")


def _bar(x: int, status: CheckStatus) -> str:
    """A third of the height passes, two thirds warn, all of it fails: the colour is not the only sign."""
    height = HEIGHT * (status.severity + 1) // 3
    left = min(max(x - 1, 0), BOX - 3)
    return f"M{left} {HEIGHT - height}h3v{height}h-3z"


def render_checks_page(page: ChecksPage, frame: Frame, *, reload: bool = True) -> str:
    """The page as HTML; it renews itself unless told otherwise."""
    every = REFRESH_SECONDS if reload else None
    return render_page("checks.html.j2", frame, title="Checks", reload=every, page=page, box=BOX, height=HEIGHT)
