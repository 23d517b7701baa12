"""An assessment as a table for a terminal or a pipe."""

import textwrap
from collections.abc import Sequence

from rich.text import Text

from baselines.verdict import SeriesComparison, Verdict
from dashboards.reports import figures, wording, workload
from thresholds.assessment import Assessment

HEADINGS = ("verdict", "before", "after", "ratio", "95 % interval", "tol.", "n")
COST = "work/h"
INDENT = "  "
STYLES = {
    Verdict.DEGRADED: "bold red",
    Verdict.MISSING: "bold red",
    Verdict.INCONCLUSIVE: "yellow",
    Verdict.IMPROVED: "green",
}


def render_table(assessment: Assessment, width: int | None = None) -> Text:
    """Headline, advice with its evidence, one row a series (worst first), why for each that is not within tolerance,
    the statements of the databases, what else changed.

    `width` is that of the terminal, None for a pipe: then a row is always one line. Where the names leave no room for
    the figures, each name stands on a line of its own; it is never cut. Print with `soft_wrap=True`; `.plain` is the
    same text without colour. Figures are medians.
    """
    rows = assessment.comparison.worst_first
    text = Text(no_wrap=True, overflow="ignore")
    text.append(_wrapped(wording.headline(assessment), width), style="bold")
    text.append(_wrapped(wording.advice(assessment), width))
    for sentence in assessment.advice.evidence:
        text.append(_wrapped(sentence, width, INDENT))
    for sentence in wording.loads(assessment):
        text.append(_wrapped(sentence, width), style="dim")
    if rows:
        text.append("\n")
        _append_rows(text, rows, width)
        _append_reasons(text, assessment, rows, width)
    if statements := workload.sentences(assessment.comparison.workload):
        text.append("\nstatements of the databases, whoever sent them:\n", style="dim")
        for sentence in statements:
            text.append(_wrapped(sentence, width, INDENT))
    if changes := wording.changes(assessment):
        text.append(f"\nchanged since {assessment.comparison.before}:\n", style="dim")
        for sentence in changes:
            text.append(_wrapped(sentence, width, INDENT))
    return text


def _append_rows(text: Text, rows: Sequence[SeriesComparison], width: int | None) -> None:
    costed = any(one.impact_seconds_per_hour is not None for one in rows)
    headings = (*HEADINGS, COST) if costed else HEADINGS
    cells = [(*_cells(one), wording.impact(one)) if costed else _cells(one) for one in rows]
    widths = [max(map(len, column)) for column in zip(headings, *cells, strict=True)]
    longest = max(len("series"), *(len(one.series.name) for one in rows))
    one_line = width is None or longest + len(INDENT) + sum(widths) + 2 * (len(widths) - 1) <= width
    text.append(("series".ljust(longest) if one_line else "series\n") + INDENT, style="dim")
    text.append(_line(headings, widths) + "\n", style="dim")
    for one, row in zip(rows, cells, strict=True):
        text.append((one.series.name.ljust(longest) if one_line else one.series.name + "\n") + INDENT)
        line = _line(row, widths)
        text.append(line[: widths[0]], style=STYLES.get(one.verdict, ""))
        text.append(line[widths[0] :] + "\n")


def _cells(one: SeriesComparison) -> tuple[str, ...]:
    answer = one.shown
    return (
        wording.verdict(one),
        wording.median(one.before, one.series.unit),
        wording.median(one.after, one.series.unit),
        figures.ratio(answer.ratio if answer else None),
        figures.interval(answer.ci_low, answer.ci_high) if answer else figures.NO_FIGURE,
        figures.ratio(one.tolerance),
        wording.sample_count(one.before, one.after),
    )


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Words to the left, figures to the right."""
    verdict, *numbers = cells
    padded = [cell.rjust(width) for cell, width in zip(numbers, widths[1:], strict=True)]
    return "  ".join([verdict.ljust(widths[0]), *padded])


def _append_reasons(text: Text, assessment: Assessment, rows: Sequence[SeriesComparison], width: int | None) -> None:
    for one in rows:
        findings = assessment.findings_of(one.series.name)
        if one.verdict in (Verdict.WITHIN, Verdict.IMPROVED, Verdict.NEW) and not findings:
            continue
        text.append("\n" + _wrapped(f"{one.series.name}: {wording.reason(one)}", width))
        if cost := wording.cost(one):
            text.append(_wrapped(cost, width, INDENT))
        for sentence in wording.causes(one):
            text.append(_wrapped(sentence, width, INDENT))
        for finding in findings:
            text.append(_wrapped(f"{finding.level.value}: {finding.summary}", width, INDENT))


def _wrapped(sentence: str, width: int | None, indent: str = "") -> str:
    """The sentence over as many lines as the terminal needs; a word longer than that is left whole."""
    if width is None:
        return f"{indent}{sentence}\n"
    return (
        textwrap.fill(
            sentence,
            width,
            initial_indent=indent,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
        + "\n"
    )
