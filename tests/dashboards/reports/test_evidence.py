"""The evidence of the advice, in every report."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from dashboards.reports import render_html, render_json, render_junit, render_markdown, render_table
from tests.dashboards.examples import dropped_index
from thresholds.assessment import Assessment

EVIDENCE = ("a.b is slower than before", "a.c fails in some calls")
REPORTS: dict[str, Callable[[Assessment], str]] = {
    "table": lambda assessment: render_table(assessment).plain,
    "markdown": render_markdown,
    "html": render_html,
    "junit": render_junit,
    "json": render_json,
}


def with_evidence() -> Assessment:
    """An advice that says what it is made from."""
    told = dropped_index()
    return replace(told, advice=replace(told.advice, evidence=EVIDENCE))


@pytest.mark.parametrize("report", list(REPORTS))
def test_every_report_has_the_evidence_after_the_advice(report: str) -> None:
    """Each sentence, in that order."""
    text = REPORTS[report](with_evidence()).replace("<wbr>", "")
    places = [text.index(one) for one in ("degraded more than 40 %", *EVIDENCE)]
    assert places == sorted(places)


def test_a_script_gets_sentences_who_decides_and_minutes() -> None:
    """As keys of the advice; null where there is nothing to decide."""
    advice = json.loads(render_json(with_evidence()))["overall"]["advice"]
    assert advice["evidence"] == list(EVIDENCE)
    assert (advice["decided_by"], advice["time_limit_minutes"]) == ("application administrator", 15)
