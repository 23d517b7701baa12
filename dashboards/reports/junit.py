"""An assessment as JUnit XML for a pipeline: one test case a series."""

import re
from collections.abc import Iterator
from xml.etree import ElementTree

from baselines.verdict import SeriesComparison, Verdict
from dashboards.reports import figures, wording
from thresholds.assessment import Assessment
from thresholds.finding import Finding, Level
from thresholds.workload import regressed

# XML 1.0 has no way to write these, escaped or not (https://www.w3.org/TR/xml/#charsets).
IMPOSSIBLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_junit(assessment: Assessment) -> str:
    """A suite whose failures are what makes the exit code 1: series degraded, missing or with a critical finding, and
    slower statements that no probe sends.

    An inconclusive series is skipped, with the reason; every other passes. The headline, the advice with its evidence,
    the load for which it holds and what else changed are the suite's output.
    """
    name = f"{assessment.comparison.before} → {assessment.comparison.after}"
    suite = ElementTree.Element("testsuite", name=_text(name))
    for one in assessment.comparison.worst_first:
        _add_case(suite, one, assessment.findings_of(one.series.name))
    for statement in regressed(assessment.comparison.workload):
        _add_case(suite, statement.compared, assessment.findings_of(statement.compared.series.name))
    suite.set("tests", str(len(suite)))
    advice = [wording.advice(assessment), *assessment.advice.evidence]
    told = [*wording.headlines(assessment), *advice, *wording.loads(assessment)]
    if changes := wording.changes(assessment):
        told += ["Changed:", *changes]
    ElementTree.SubElement(suite, "system-out").text = _text("\n".join(told))
    suite.set("failures", str(len(suite.findall("*/failure"))))
    suite.set("errors", "0")
    suite.set("skipped", str(len(suite.findall("*/skipped"))))
    root = ElementTree.Element("testsuites", name="portalwatch")
    root.append(suite)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _add_case(suite: ElementTree.Element, one: SeriesComparison, findings: list[Finding]) -> None:
    case = ElementTree.SubElement(
        suite, "testcase", classname=_text(one.series.category), name=_text(one.series.metric)
    )
    critical = [finding for finding in findings if finding.level is Level.CRITICAL and not finding.dry_run]
    if one.verdict in (Verdict.DEGRADED, Verdict.MISSING) or critical:
        kind = one.verdict.value if one.verdict in (Verdict.DEGRADED, Verdict.MISSING) else Level.CRITICAL.value
        message = wording.reason(one) if kind == one.verdict.value else critical[0].summary
        failure = ElementTree.SubElement(case, "failure", type=kind, message=_text(message))
        failure.text = _text("\n".join(_details(one, findings)))
    elif one.verdict is Verdict.INCONCLUSIVE:
        ElementTree.SubElement(case, "skipped", message=_text(f"inconclusive: {wording.reason(one)}"))


def _details(one: SeriesComparison, findings: list[Finding]) -> list[str]:
    questions = [
        f"{answer.question.value}: {answer.verdict.value}, ratio {figures.ratio(answer.ratio)} "
        f"({figures.interval(answer.ci_low, answer.ci_high)}), tolerance {figures.ratio(one.tolerance)}"
        for answer in one.answers
    ]
    cost = wording.cost(one)
    return [
        *questions,
        *([cost] if cost else []),
        *_causes(one),
        *(f"{finding.level.value}: {finding.summary}" for finding in findings),
    ]


def _causes(one: SeriesComparison) -> Iterator[str]:
    """Each cause, its details indented below it."""
    for cause, explanation in zip(wording.causes(one), one.explanations, strict=True):
        yield cause
        yield from (f"    {line}" for line in explanation.details)


def _text(text: str) -> str:
    return IMPOSSIBLE.sub("�", text)
