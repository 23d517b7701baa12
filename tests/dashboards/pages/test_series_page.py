"""The page of one series."""

from dataclasses import replace
from datetime import timedelta

import pytest

from baselines import Outcome, PlanShape, Reason, Series, Verdict
from dashboards.pages.frame import Frame
from dashboards.pages.series_page import FailedCall, PlanEntry, SeriesPage, Window, plan_entries, render_series_page
from dashboards.status_page import SeriesStatus
from tests.dashboards.examples import compared, finding
from tests.dashboards.html_checks import read_served
from tests.dashboards.pages.test_axis import END
from thresholds import Level, Rule

OPERATOR = Frame(environment="test", path="/series/q.a", now=END)
PUBLIC = replace(OPERATOR, is_operator=False)
INDEX = PlanShape(("Index Scan on t using i",))
SEQUENCE = PlanShape(("Seq Scan on t",))
STATUS = SeriesStatus(series=Series("q.a"), value=0.1, outcome=Outcome.OK, last_run_at=END)
PAGE = SeriesPage(status=STATUS, what="Measured.", now=END, window=Window.DAY, course=None)


def test_plans_are_told_by_what_they_do_otherwise() -> None:
    """Against the one before, also where there was none in between; the oldest is just the first."""
    hours = [END - timedelta(hours=ago) for ago in range(4)]
    told = plan_entries(list(zip(hours, [SEQUENCE, None, INDEX, INDEX], strict=True)))
    assert [one.sentence for one in told] == [
        "Index Scan on t using i became a Seq Scan.",
        "No plan any more.",
        "The same plan again.",
        "The first plan that was seen.",
    ]
    assert told[0].lines == ["- Index Scan on t using i", "+ Seq Scan on t"]
    assert list(told[3].lines) == list(INDEX.nodes)


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (PAGE, "It is fine."),
        (replace(PAGE, findings=[finding("q.a")]), "Is over its limit."),
        (
            replace(PAGE, compared=compared("q.a", Verdict.DEGRADED, 3.0)),
            "The typical call takes 3.00 times as long.",
        ),
        (replace(PAGE, status=SeriesStatus(series=Series("q.a"))), "It was not measured yet."),
        (replace(PAGE, status=replace(STATUS, outcome=Outcome.ERROR)), "Its last call failed."),
    ],
)
def test_the_first_line_says_how_it_is(page: SeriesPage, expected: str) -> None:
    """The worst finding, else the verdict that makes it worse, else its condition."""
    assert page.headline == expected


def test_operators_see_more_than_the_public() -> None:
    """Plans, causes and correlation ids are in the page of an operator alone."""
    page = replace(
        PAGE,
        compared=compared("q.a", Verdict.DEGRADED, 3.0),
        baseline="before",
        findings=[finding("q.a", Level.CRITICAL, Rule.ABSOLUTE)],
        failures=[
            FailedCall(
                at=END, outcome=Outcome.TIMEOUT, reason=Reason.READ_TIMEOUT, waited_seconds=30.0, correlation_id="pw-1"
            )
        ],
        plans=[PlanEntry(since=END, sentence="It became a Seq Scan.", lines=["+ Seq Scan on t"])],
    )
    operators, public = (read_served(render_series_page(page, one)).text for one in (OPERATOR, PUBLIC))
    for sign in ("Seq Scan", "pw-1", "The last hour of every series"):
        assert sign in operators
        assert sign not in public
    assert "read timeout" in public
    assert "30.0 s" in public


def test_a_page_without_its_store_says_so() -> None:
    """What was seen last is there, the course is not."""
    told = read_served(render_series_page(PAGE, PUBLIC)).text
    assert "100 ms" in told
    assert "the course is not known now" in told


def test_phases_are_drawn_against_the_longest() -> None:
    """Those of the last call first, in its order, and what only the baseline had."""
    page = replace(PAGE, phases={"connect": 0.01, "first_byte": 0.08}, baseline_phases={"first_byte": 0.02, "tls": 0.1})
    assert page.phase_rows == [("connect", 0.01, None), ("first_byte", 0.08, 0.02), ("tls", None, 0.1)]
    assert page.longest_phase == 0.1
    assert "first byte" in read_served(render_series_page(page, PUBLIC)).text
