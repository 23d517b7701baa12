"""The built-in status page: what is watched, how it is, and what is open. Public, so it says nothing secret."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby

from baselines.measurement import Outcome
from baselines.series import Series
from baselines.verdict import Verdict
from dashboards.pages.frame import Frame, render_page
from dashboards.pages.strip import Strip, worst_of
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
# Up to so many series every branch of the tree stands open; beyond it only those with something to see.
SHORT = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesStatus:
    """One series: its last run and what is thought of it. `value` is in the series' base unit.

    None stands for what is not known yet: `last_run_at` and `outcome` before the first run, `verdict` and `ratio`
    without a baseline. `dry_run` is the level of what nobody is told of; it is shown, and changes no condition.
    `service` is the name of the target it looks at, and `strip` its last 24 hours, None where nobody can be asked.
    """

    series: Series
    service: str = ""
    level: Level = Level.OK
    dry_run: Level = Level.OK
    value: float | None = None
    outcome: Outcome | None = None
    last_run_at: datetime | None = None
    verdict: Verdict | None = None
    ratio: float | None = None
    strip: Strip | None = None

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
    """An alert that is not resolved, as people are told of it; `summary` names no address and no credential. `path` is
    its page, empty where it has none."""

    series: str
    summary: str
    tier: str
    state: str
    since: datetime
    path: str = ""


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
        told = dict(self.counts)
        words = {
            Condition.CRITICAL: "critical",
            Condition.FAIL: "failing",
            Condition.WARNING: "worse than allowed",
            Condition.STALE: "not measured as often as planned",
            Condition.UNKNOWN: "not measured yet",
        }
        parts = [
            f"{told[one]} {'is' if told[one] == 1 else 'are'} {word}" for one, word in words.items() if one in told
        ]
        total = len(self.series)
        if not parts:
            fine = "The only series is fine" if total == 1 else f"All {total} series are fine"
            still = len(self.alerts)
            return f"{fine} now; {still} alert{'s are' if still > 1 else ' is'} open." if still else f"{fine}."
        return f"Of {total} series " + ", ".join(parts) + "."

    @property
    def services(self) -> list["Service"]:
        """The tree: what is looked at, the worst first, and below each its categories."""
        by_service = sorted(self.series, key=lambda one: one.service)
        found = [
            Service(name=name, series=list(group), now=self.now)
            for name, group in groupby(by_service, key=lambda one: one.service)
        ]
        return sorted(found, key=lambda one: (SEVERITY.index(one.condition), one.name))

    @property
    def counts(self) -> list[tuple[Condition, int]]:
        """How many series stand how, worst first."""
        counted = Counter(one.condition(self.now) for one in self.series)
        return [(one, counted[one]) for one in SEVERITY if counted[one]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One branch of the tree: everything that looks at one target."""

    name: str
    series: Sequence[SeriesStatus]
    now: datetime

    @property
    def condition(self) -> Condition:
        """The worst of its series."""
        return min((one.condition(self.now) for one in self.series), key=SEVERITY.index)

    @property
    def told(self) -> str:
        """How many series it has, and how many of them are not fine."""
        worse = sum(one.condition(self.now) is not Condition.OK for one in self.series)
        return f"{len(self.series)} series, " + (f"{worse} not fine" if worse else "all fine")

    @property
    def strip(self) -> Strip | None:
        """The worst of each of the last hours."""
        strips = [one.strip for one in self.series if one.strip is not None]
        return worst_of(self.name or "all others", strips) if strips else None

    @property
    def categories(self) -> list[tuple[str, list[SeriesStatus]]]:
        """Its series by category, the worst first within each."""
        by_category = sorted(
            self.series,
            key=lambda one: (one.series.category, SEVERITY.index(one.condition(self.now)), one.series.name),
        )
        return [
            (category, list(group)) for category, group in groupby(by_category, key=lambda one: one.series.category)
        ]


def render_status_page(page: StatusPage, frame: Frame, *, reload: bool = True) -> str:
    """The page as HTML; it renews itself unless told otherwise."""
    title = f"{page.condition.value}: {page.headline}"
    every = page.refresh_seconds if reload else None
    return render_page(
        "status.html.j2", frame, title=title, reload=every, page=page, is_short=len(page.series) <= SHORT
    )
