"""The statements of the databases in every report."""

import json
from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from baselines.verdict import StatementComparison, Verdict, WorkloadComparison
from baselines.workload import StatementText
from dashboards.reports import render_html, render_json, render_junit, render_markdown, render_table
from tests.dashboards.examples import AT, compared, dropped_index
from thresholds import assess, load_matrix, load_rollback, load_routing
from thresholds.assessment import Assessment

INSERT = "INSERT INTO ownership (product, share) VALUES ($1, $2)"
REPORTS: dict[str, Callable[[Assessment], str]] = {
    "table": lambda assessment: render_table(assessment).plain,
    "markdown": render_markdown,
    "html": render_html,
    "junit": render_junit,
}


def statement(
    verdict: Verdict = Verdict.DEGRADED, *, text: str = INSERT, share: float = 0.2, probes: tuple[str, ...] = ()
) -> StatementComparison:
    """One that takes 2.5 times as long if that is what the verdict says."""
    return StatementComparison(
        statement=StatementText("00ff", text, True),
        database="portal",
        compared=compared("database_queries.statement_00ff", verdict, 2.5 if verdict is Verdict.DEGRADED else 1.0),
        share=share,
        probes=probes,
    )


def with_statements(*statements: StatementComparison, gaps: tuple[str, ...] = ()) -> Assessment:
    """The example of a dropped index without its degraded series, and with these statements."""
    comparison = dropped_index().comparison
    sound = [one for one in comparison.series if one.verdict is Verdict.WITHIN]
    workload = WorkloadComparison(statements=statements, gaps=gaps)
    sound_comparison = replace(comparison, series=sound, workload=workload)
    return assess(sound_comparison, load_matrix(), load_rollback(), load_routing(), "standard", AT)


@pytest.mark.parametrize("report", REPORTS)
def test_a_slower_statement_is_named(report: str) -> None:
    """With its text and its ratio, first of all in the headline; a comparison without statements says nothing."""
    told = " ".join(REPORTS[report](with_statements(statement())).replace("<wbr>", "").replace("\\", "").split())
    assert "1 statement that no probe sends is slower" in told
    assert INSERT in told
    assert "2.50 times as long" in told
    assert "tatement" not in REPORTS[report](with_statements())


@pytest.mark.parametrize(
    ("one", "is_finding"),
    [
        (statement(), True),
        (statement(share=0.002), False),
        (statement(probes=("database_queries.ownership",)), False),
        (statement(Verdict.WITHIN), False),
        (statement(Verdict.NEW), False),
    ],
)
def test_what_somebody_must_know_is_a_finding(one: StatementComparison, is_finding: bool) -> None:
    """Slower, worth the time of the database, and without a probe that says so itself."""
    assessment = with_statements(one)
    assert assessment.has_finding is is_finding
    assert [INSERT in finding.summary for finding in assessment.findings] == [True] * is_finding
    assert ("statement is slower" in assessment.advice.reason) is is_finding
    suite = ElementTree.fromstring(render_junit(assessment))
    assert len(suite.findall(".//failure")) == is_finding


def test_json_has_every_statement() -> None:
    """Also what is within, with what sends it; what could not be judged is said."""
    reason = "the statements of archive are not judged: no extension"
    one = json.loads(render_json(with_statements(statement(Verdict.WITHIN, probes=("q",)), gaps=(reason,))))["workload"]
    assert one["gaps"] == [reason]
    assert one["judged"] == 1
    (document,) = one["statements"]
    assert (document["statement"], document["verdict"], document["probes"]) == (INSERT, "within", ["q"])
    assert document["writes"] is True
    assert document["before"]["mean"] == pytest.approx(42.0, rel=0.01)


@pytest.mark.parametrize("report", ["table", "markdown", "html"])
def test_what_could_not_be_judged_is_said(report: str) -> None:
    """A database without the extension does not pass for one without slow statements."""
    reason = "the statements of archive are not judged: the database has no extension"
    assert reason in REPORTS[report](with_statements(gaps=(reason,))).replace("<wbr>", "")


def test_many_statements_never_drown_the_rest() -> None:
    """Ten are told, and a long one is cut."""
    long = [statement(text=f"SELECT {number}, {'x' * 500}") for number in range(30)]
    told = render_table(with_statements(*long)).plain
    assert told.count("2.50 times as long") == 11  # ten, and the headline
    assert "20 further statements" in told
    assert "x" * 200 not in told
