"""The built-in status page: what is watched, how it is, and what is open. Public, so it says nothing secret."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby

from baselines.measurement import Outcome
from baselines.series import Series
from baselines.verdict import Verdict
from dashboards.page import environment
from dashboards.reports import figures
from thresholds.finding import Level

# Two missed runs may be a restart; at the third something is wrong with the watching itself.
STALE_AFTER_RUNS = 3


class Condition(StrEnum):
    """How a series, or all of it, stands, in one word."""

    CRITICAL = "critical"
    FAIL = "fail"
    WARNING = "warning"
    STALE = "stale"
    UNKNOWN = "unknown"
    OK = "ok"


# Worst first.
SEVERITY = tuple(Condition)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesStatus:
    """One series: its last run and what is thought of it. `value` is in the series' base unit.

    None stands for what is not known yet: `last_run_at` and `outcome` before the first run, `verdict` and `ratio`
    without a baseline. `dry_run` is the level of what nobody is told of; it is shown, and changes no condition.
    """

    series: Series
    level: Level = Level.OK
    dry_run: Level = Level.OK
    value: float | None = None
    outcome: Outcome | None = None
    last_run_at: datetime | None = None
    verdict: Verdict | None = None
    ratio: float | None = None

    def condition(self, now: datetime) -> Condition:
        """The worst that can be said of it: a figure nobody refreshes any more is no good figure."""
        if self.level is Level.CRITICAL:
            return Condition.CRITICAL
        if self.last_run_at is None or self.outcome is None:
            return Condition.UNKNOWN
        if self.outcome is not Outcome.OK:
            return Condition.FAIL
        if self.level is Level.WARNING or self.verdict is Verdict.DEGRADED:
            return Condition.WARNING
        cadence = self.series.cadence_seconds
        if cadence is not None and now - self.last_run_at > timedelta(seconds=STALE_AFTER_RUNS * cadence):
            return Condition.STALE
        return Condition.OK


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAlert:
    """An alert that is not resolved, as people are told of it; `summary` names no address and no credential."""

    series: str
    summary: str
    tier: str
    state: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentHealth:
    """A part of the service itself: the store, the probe process. `detail` is one sentence on what is wrong."""

    name: str
    works: bool
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusPage:
    """Everything the page shows, as of `now`. `environment` names what is watched, `instance` who watches."""

    environment: str
    instance: str
    now: datetime
    series: Sequence[SeriesStatus]
    alerts: Sequence[OpenAlert]
    components: Sequence[ComponentHealth]
    refresh_seconds: int = 30

    @property
    def broken(self) -> list[ComponentHealth]:
        """The parts of the service that do not work."""
        return [one for one in self.components if not one.works]

    @property
    def condition(self) -> Condition:
        """The worst of all series and alerts; unknown where nothing is watched, or the watching itself is broken."""
        conditions = {one.condition(self.now) for one in self.series} or {Condition.UNKNOWN}
        if self.broken:
            conditions.add(Condition.UNKNOWN)
        if self.alerts:
            conditions.add(Condition.WARNING)
        return min(conditions, key=SEVERITY.index)

    @property
    def headline(self) -> str:
        """One sentence that never says more than is known."""
        if not self.series:
            return "Nothing is watched yet: no probe is configured."
        told = {one: sum(each.condition(self.now) is one for each in self.series) for one in SEVERITY}
        words = {
            Condition.CRITICAL: "critical",
            Condition.FAIL: "failing",
            Condition.WARNING: "worse than allowed",
            Condition.STALE: "not measured as often as planned",
            Condition.UNKNOWN: "not measured yet",
        }
        parts = [f"{told[one]} {'is' if told[one] == 1 else 'are'} {word}" for one, word in words.items() if told[one]]
        total = len(self.series)
        if not parts:
            fine = "The only series is fine" if total == 1 else f"All {total} series are fine"
            still = len(self.alerts)
            return f"{fine} now; {still} alert{'s are' if still > 1 else ' is'} open." if still else f"{fine}."
        return f"Of {total} series " + ", ".join(parts) + "."

    def groups(self) -> list[tuple[str, list[SeriesStatus]]]:
        """The series by category, the worst first within each."""
        by_category = sorted(
            self.series,
            key=lambda one: (one.series.category, SEVERITY.index(one.condition(self.now)), one.series.name),
        )
        return [
            (category, list(group)) for category, group in groupby(by_category, key=lambda one: one.series.category)
        ]


def render_status_page(page: StatusPage) -> str:
    """The page as HTML: without scripts, reloading itself, the same style as the reports."""
    return environment().get_template("status.html.j2").render(page=page, figures=figures, ago=ago)


def ago(then: datetime, now: datetime) -> str:
    """How long ago in the largest unit that fits: `12 s ago`, `3 min ago`, `5 h ago`, `2 d ago`, else `now`."""
    seconds = int((now - then).total_seconds())
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        if seconds >= length:
            return f"{seconds // length} {unit} ago"
    return "now"
