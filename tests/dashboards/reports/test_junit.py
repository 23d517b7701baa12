"""The report for a pipeline."""

from xml.etree import ElementTree

from baselines.verdict import Verdict
from dashboards.reports import render_junit
from tests.dashboards.examples import assessed, compared, dropped_index, finding
from thresholds.assessment import Assessment
from thresholds.finding import Level, Rule


def suite(assessment: Assessment) -> ElementTree.Element:
    """The one suite of the report."""
    found = ElementTree.fromstring(render_junit(assessment)).find("testsuite")
    assert found is not None
    return found


def test_degraded_and_missing_fail_and_inconclusive_is_skipped_with_its_reason() -> None:
    """The pipeline's counts are the verdicts, one test case a series."""
    told = suite(dropped_index())
    assert (told.get("tests"), told.get("failures"), told.get("skipped"), told.get("errors")) == ("9", "2", "1", "0")
    assert [one.get("type") for one in told.iter("failure")] == ["degraded", "missing"]
    skipped = next(told.iter("skipped"))
    assert (skipped.get("message") or "").startswith("inconclusive: the typical call")
    names = {(one.get("classname"), one.get("name")) for one in told.iter("testcase")}
    assert ("database_queries", "portfolio_valuation_aggregation") in names


def test_the_failure_says_why_with_its_figures() -> None:
    """Ratio, interval, cause and findings are in the text of the failure."""
    text = next(suite(dropped_index()).iter("failure")).text or ""
    assert "typical: degraded, ratio 7.31 (6.90 to 7.75), tolerance 1.25" in text
    assert "because the plan changed" in text
    assert "critical: " in text


def test_a_critical_finding_fails_a_series_that_is_within() -> None:
    """What makes the exit code 1 makes the pipeline red, whatever the ratio."""
    told = suite(assessed(compared("a.b", Verdict.WITHIN), findings=[finding("a.b", Level.CRITICAL, Rule.ABSOLUTE)]))
    assert [one.get("type") for one in told.iter("failure")] == ["critical"]


def test_names_that_xml_can_not_hold_still_make_a_document() -> None:
    """Markup is escaped and control characters are replaced: the pipeline always reads the report."""
    told = suite(assessed(compared('a.<b> & "c" \x00\x1b]]>', Verdict.DEGRADED, 2.0)))
    assert next(told.iter("testcase")).get("name") == '<b> & "c" \ufffd\ufffd]]>'
