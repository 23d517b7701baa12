"""The page of one series: its course, what is held against it, and what is known of why it is as it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from baselines.measurement import Outcome, Reason
from baselines.plan_difference import plan_difference
from baselines.plan_shape import PlanShape
from baselines.verdict import SeriesComparison, Verdict
from baselines.watcher import Drift
from dashboards.pages.chart import BOX, Course, chart_of
from dashboards.pages.frame import Frame, render_page
from dashboards.pages.runbooks import runbook_of
from dashboards.reports import wording
from dashboards.status_page import SeriesStatus
from thresholds.explanation import AppliedRule
from thresholds.finding import Finding

REFRESH_SECONDS = 60


class Window(StrEnum):
    """How far back the drawing goes."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    @property
    def lasting(self) -> timedelta:
        """Its length."""
        return {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}.get(
            self, timedelta(days=30)
        )

    @property
    def stretch(self) -> timedelta:
        """How long the calls are taken together: a drawing has room for a few hundred points."""
        return {"hour": timedelta(minutes=1), "day": timedelta(minutes=10)}.get(self, timedelta(hours=1))

    @property
    def told(self) -> str:
        """What people call it."""
        return {"hour": "Hour", "day": "Day", "week": "Week"}.get(self, "30 days")


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedCall:
    """A call that did not end well; `correlation_id` is for operators, and empty where it is not known."""

    at: datetime
    outcome: Outcome
    reason: Reason
    waited_seconds: float | None
    correlation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotableCall:
    """A call that failed, or was slow, with the id that the portal, its log and its database know it by."""

    at: datetime
    outcome: Outcome
    value: float | None
    correlation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallsAround:
    """The calls of some minutes that are worth a look; for operators."""

    start: datetime
    end: datetime
    calls: Sequence[NotableCall]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceStanding:
    """How a series stands to its own earlier calls. `level` and `limit` in seconds; `ratio` is None before there are
    enough calls and infinite where they timed out. `sentence` says what the reference is, or how far away one is.
    """

    sentence: str
    drift: Drift | None = None
    since: datetime | None = None
    level: float | None = None
    limit: float | None = None
    ratio: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanEntry:
    """What a query's plan was from an instant on: against the one before it, a sentence and both line by line."""

    since: datetime
    sentence: str
    lines: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesPage:
    """Everything the page shows, as of `now`. `what` says in a sentence what is measured.

    `course` is None while the store can't be asked. `phases` and `baseline_phases` in seconds, by name. `compared` is
    the last hour against the active baseline named `baseline`. Of `plans` and of explanations only operators are shown.
    """

    status: SeriesStatus
    what: str
    now: datetime
    window: Window
    course: Course | None
    rules: Sequence[AppliedRule] = ()
    findings: Sequence[Finding] = ()
    standing: str | None = None
    baseline: str | None = None
    compared: SeriesComparison | None = None
    reference: ReferenceStanding | None = None
    phases: Mapping[str, float] | None = None
    baseline_phases: Mapping[str, float] | None = None
    failures: Sequence[FailedCall] = ()
    around: CallsAround | None = None
    plans: Sequence[PlanEntry] = ()

    @property
    def headline(self) -> str:
        """How it is, in a sentence."""
        condition, compared = self.status.condition(self.now).value, self.compared
        worst = next(iter(self.findings), None)
        if worst is not None:
            return wording.sentence(worst.summary.removeprefix(f"{self.status.series.name} "))
        if compared is not None and compared.verdict is Verdict.DEGRADED:
            return wording.sentence(wording.reason(compared))
        return {
            "critical": "It is beyond a critical limit.",
            "fail": "Its last call failed.",
            "warning": "It is worse than allowed.",
            "stale": "It is not measured as often as planned.",
            "unknown": "It was not measured yet.",
        }.get(condition, "It is fine.")

    @property
    def phase_rows(self) -> list[tuple[str, float | None, float | None]]:
        """Name, seconds of the last call and of the baseline, in the order in which they come."""
        now, before = self.phases or {}, self.baseline_phases or {}
        return [(name, now.get(name), before.get(name)) for name in dict.fromkeys([*now, *before])]

    @property
    def longest_phase(self) -> float:
        """What a bar of full width stands for, in seconds."""
        return max((one for _, *both in self.phase_rows for one in both if one), default=0.0) or 1.0


def plan_entries(plans: Sequence[tuple[datetime, PlanShape | None]]) -> list[PlanEntry]:
    """A query's plans, the newest first, each told by what it does otherwise than the one before."""
    entries = []
    for number, (since, plan) in enumerate(plans):
        before = next((one for _, one in plans[number + 1 :] if one is not None), None)
        difference = None if plan is None or before is None else plan_difference(before, plan)
        if plan is None:
            entries.append(PlanEntry(since=since, sentence="No plan any more.", lines=()))
        elif difference is None:
            told = "The first plan that was seen." if before is None else "The same plan again."
            entries.append(PlanEntry(since=since, sentence=told, lines=plan.nodes))
        else:
            entries.append(
                PlanEntry(since=since, sentence=wording.sentence(difference.sentence), lines=difference.lines)
            )
    return entries


def render_series_page(page: SeriesPage, frame: Frame, *, reload: bool = True) -> str:
    """The page as HTML; it renews itself unless told otherwise."""
    name = page.status.series.name
    return render_page(
        "series.html.j2",
        frame,
        title=f"{page.status.condition(page.now).value}: {name}",
        reload=REFRESH_SECONDS if reload else None,
        page=page,
        chart=None if page.course is None else chart_of(page.course),
        box=BOX,
        windows=tuple(Window),
        wording=wording,
        runbook_of=runbook_of,
    )
