"""An assessment as one self-contained HTML file for a change ticket."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from baselines.baseline import Baseline
from baselines.samples import Samples
from baselines.summary import summarise
from baselines.verdict import SEVERITY, SeriesComparison, Summary, Verdict
from dashboards.page import environment
from dashboards.reports import figures, wording, workload
from dashboards.reports.distribution import HEIGHT, WIDTH, Distribution, distribution
from dashboards.reports.forest import Band, Forest, Whisker
from thresholds.assessment import Assessment
from thresholds.finding import Finding

# What a reader came for stands open; more than this many open details would bury the rest.
MOST_OPEN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One series as the page shows it; `anchor` is made by us, never from its name.

    `sides` are what has figures: before and after, and apart from them the cold calls of each.
    """

    anchor: str
    comparison: SeriesComparison
    sides: Sequence[tuple[str, Summary | None]]
    unanswered: int
    band: Band
    whisker: Whisker | None
    distribution: Distribution | None
    findings: Sequence[Finding]
    reason: str
    is_open: bool


def render_html(assessment: Assessment, *, before: Baseline | None = None, after: Baseline | None = None) -> str:
    """The forest plot as a table, sorted by verdict and impact, and the details of each series.

    `before` and `after` are the captures compared: where both are given, the details overlay their distributions. The
    file loads nothing, runs nothing, prints, and reads in light and dark and at 390 px.
    """
    values = report_values(assessment, before=before, after=after)
    return environment().get_template("report.html.j2").render(figures=figures, **values)


def report_values(
    assessment: Assessment, *, before: Baseline | None = None, after: Baseline | None = None
) -> dict[str, Any]:
    """What `report_body.html.j2` shows, besides `figures`."""
    ordered = assessment.comparison.worst_first
    forest = Forest(ordered)
    return {
        "assessment": assessment,
        "forest": forest,
        "rows": [_row(number, one, assessment, forest, before, after) for number, one in enumerate(ordered, start=1)],
        "headline": wording.headlines(assessment),
        "advice": wording.advice(assessment),
        "doubt": wording.doubt(assessment) if assessment.comparison.having(Verdict.DEGRADED) else "",
        "loads": wording.loads(assessment),
        "costed": any(one.impact_seconds_per_hour is not None for one in ordered),
        "counts": [(one, count) for one in SEVERITY if (count := len(assessment.comparison.having(one)))],
        "changes": wording.changes(assessment),
        "statements": workload.sentences(assessment.comparison.workload),
        "wording": wording,
        "chart": (WIDTH, HEIGHT),
    }


def _row(
    number: int,
    one: SeriesComparison,
    assessment: Assessment,
    forest: Forest,
    before: Baseline | None,
    after: Baseline | None,
) -> Row:
    name = one.series.name
    return Row(
        anchor=f"series-{number}",
        comparison=one,
        sides=[
            ("before", one.before),
            ("after", one.after),
            *_cold("before", before, name),
            *_cold("after", after, name),
        ],
        unanswered=sum(side.unanswered for side in (one.before, one.after) if side),
        band=forest.band(one),
        whisker=forest.whisker(one),
        distribution=(
            distribution(one.series, before.samples_of(name), after.samples_of(name)) if before and after else None
        ),
        findings=assessment.findings_of(name),
        reason=wording.reason(one),
        is_open=number <= MOST_OPEN and one.verdict in (Verdict.DEGRADED, Verdict.MISSING),
    )


def _cold(side: str, capture: Baseline | None, series: str) -> list[tuple[str, Summary | None]]:
    """The first calls after a connect, which are never judged; nothing where none was kept."""
    sessions: list[Samples] = []
    if capture is not None:
        sessions = [one.cold[series] for one in capture.sessions if series in one.cold and len(one.cold[series])]
    return [(f"{side}, cold", summarise(sessions))] if sessions else []
