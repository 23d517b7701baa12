"""The pages of baselines: the list, one of them, and the comparison of two."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from baselines.baseline import Baseline
from baselines.series import Series
from baselines.store import BaselineSummary
from baselines.summary import summarise
from baselines.verdict import Summary
from dashboards.pages.frame import Frame, render_page
from dashboards.reports.html_page import report_values
from thresholds.assessment import Assessment

# What a comparison holds a baseline against besides other baselines: the last hour of the service.
LIVE = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineSeries:
    """One series of a baseline; `medians` are those of its sessions, in the unit of the series."""

    series: Series
    summary: Summary
    medians: Sequence[float]

    def position(self, median: float) -> float:
        """Where a session lies, in percent of a width: in the middle at the median of all calls, half of it and half as
        much again at the ends."""
        share = median / self.summary.median if self.summary.median else 1.0
        return round(min(max(100 * (share - 0.5), 2.0), 98.0), 1)


def render_baseline_list(summaries: Sequence[BaselineSummary], frame: Frame, now: datetime) -> str:
    """All baselines, the newest first, and a form that compares two."""
    whole = [one for one in reversed(summaries) if one.extends is None]
    extended = {one.extends for one in summaries if one.extends is not None}
    return render_page(
        "baselines.html.j2",
        frame,
        title="Baselines",
        baselines=whole,
        extended=extended,
        now=now,
        live=LIVE,
    )


def render_baseline(baseline: Baseline, frame: Frame, now: datetime, *, is_active: bool) -> str:
    """One baseline: what it was taken under, and the figures of each series."""
    return render_page(
        "baseline.html.j2",
        frame,
        title=f"Baseline {baseline.name}",
        baseline=baseline,
        rows=[_row(baseline, one) for _, one in sorted(baseline.series.items())],
        is_active=is_active,
        expired_at=baseline.expired_at(now),
        live=LIVE,
    )


def render_comparison(
    assessment: Assessment, frame: Frame, *, before: Baseline | None = None, after: Baseline | None = None
) -> str:
    """The report of a comparison inside the frame of the house."""
    values = report_values(assessment, before=before, after=after)
    title = f"{assessment.comparison.before} → {assessment.comparison.after}: {assessment.verdict.value}"
    return render_page("comparison.html.j2", frame, title=title, **values)


def _row(baseline: Baseline, series: Series) -> BaselineSeries:
    sessions = baseline.samples_of(series.name)
    medians = [one.median for each in sessions if (one := summarise([each])).median is not None]
    return BaselineSeries(
        series=series, summary=summarise(sessions), medians=[one for one in medians if one is not None]
    )
