"""An assessment as Markdown for a merge request."""

import re
from html import escape

from baselines.verdict import SeriesComparison, Verdict
from dashboards.reports import figures, wording, workload
from thresholds.assessment import Assessment

# What would start a link, a code span, emphasis, a table cell or an issue reference where it stands in a sentence.
SPECIAL = re.compile(r"([\\`*_\[\]|~#@!])")
QUIET = (Verdict.WITHIN, Verdict.IMPROVED, Verdict.NEW)


def render_markdown(assessment: Assessment) -> str:
    """Headline, advice with its evidence, a table with one row a series, then why for each that is not within
    tolerance, then the statements of the databases, and what else changed."""
    comparison = assessment.comparison
    rows = comparison.worst_first
    costed = any(one.impact_seconds_per_hour is not None for one in rows)
    lines = [
        f"### {inert(wording.headline(assessment))}",
        "",
        f"**Advice:** {inert(wording.advice(assessment))}",
        "",
        *(f"- {inert(sentence)}" for sentence in assessment.advice.evidence),
        *([""] if assessment.advice.evidence else []),
        f"Before: {inert(comparison.before)} · after: {inert(comparison.after)} · "
        f"profile: {inert(assessment.profile)} · figures are medians, intervals 95 %.",
        *wording.loads(assessment),
    ]
    if rows:
        lines += [
            "",
            f"| series | verdict | before | after | ratio (interval) | tolerance | n |{' work/h |' if costed else ''}",
            f"|---|---|---:|---:|---:|---:|---:|{'---:|' if costed else ''}",
            *(_row(one, costed) for one in rows),
        ]
    for one in rows:
        lines += _reasons(assessment, one)
    if statements := workload.sentences(assessment.comparison.workload):
        lines += ["", "**Statements of the databases, whoever sent them**", ""]
        lines += [f"- {inert(one)}" for one in statements]
    if changes := wording.changes(assessment):
        lines += [
            "",
            f"**Changed since {inert(comparison.before)}**",
            "",
            *(f"- {inert(one)}" for one in changes),
        ]
    return "\n".join(lines) + "\n"


def _row(one: SeriesComparison, costed: bool) -> str:
    answer = one.shown
    ratio = "-" if answer is None or answer.ratio is None else (
        f"{figures.ratio(answer.ratio)} ({figures.interval(answer.ci_low, answer.ci_high)})"
    )  # fmt: skip
    verdict = wording.verdict(one) if one.verdict in QUIET else f"**{wording.verdict(one)}**"
    cells = (
        inert(one.series.name),
        verdict,
        wording.median(one.before, one.series.unit),
        wording.median(one.after, one.series.unit),
        ratio,
        figures.ratio(one.tolerance),
        wording.sample_count(one.before, one.after),
        *([wording.impact(one)] if costed else []),
    )
    return f"| {' | '.join(cells)} |"


def _reasons(assessment: Assessment, one: SeriesComparison) -> list[str]:
    findings = assessment.findings_of(one.series.name)
    if one.verdict in QUIET and not findings:
        return []
    return [
        "",
        f"**{inert(one.series.name)}** is {wording.verdict(one)}: {inert(wording.reason(one))}",
        *(f"- {cost}" for cost in [wording.cost(one)] if cost),
        *(f"- {inert(cause)}" for cause in wording.causes(one)),
        *(f"- {finding.level.value}: {inert(finding.summary)}" for finding in findings),
    ]


def inert(text: str) -> str:
    """Foreign text that stays text: one line, no markup, no HTML."""
    return escape(SPECIAL.sub(r"\\\1", " ".join(text.split())), quote=False)
