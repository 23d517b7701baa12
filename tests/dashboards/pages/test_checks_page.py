"""The page of the checks: what it says, and what its charts draw."""

import re
from datetime import timedelta

from dashboards import Frame
from dashboards.pages.checks_page import CheckRun, CheckSection, ChecksPage, history_of, render_checks_page
from tests.clocks import START
from tests.monitor.checks.made import report
from thresholds import CheckKind, CheckLine, CheckReport, CheckStatus

PASS, WARNING, FAIL = CheckStatus
WEEK = timedelta(days=7)


def page(*reports: CheckReport, scheduled: bool = True) -> ChecksPage:
    """The page with these latest runs."""
    latest = {one.kind: one for one in reports}
    return ChecksPage(
        sections=[
            CheckSection(kind=kind, every_seconds=900.0, report=latest.get(kind), history=None) for kind in CheckKind
        ],
        scheduled=scheduled,
        now=START,
    )


def test_the_headline_says_how_the_checks_stand() -> None:
    """None kept, all well, some of them well, and how many are not."""
    every = [report(kind, START) for kind in CheckKind]
    assert page().headline == "No check was kept yet."
    assert page(*every).headline == "All four checks pass."
    assert page(every[0]).headline == "What was checked passes."
    bad = report(CheckKind.SYSTEM_HEALTH, START, {"security": FAIL})
    doubtful = report(CheckKind.INDEX_USAGE, START, {"unused indexes": WARNING})
    assert page(bad, doubtful, every[1]).headline == "1 fails and 1 warns, of 3 checks."


def test_a_run_is_a_bar_where_it_was_and_as_high_as_it_was_bad() -> None:
    """A row a component; a run before a component was there is no bar of it."""
    runs = [
        CheckRun(START - WEEK / 2, {"database": PASS}),
        CheckRun(START, {"database": FAIL, "security": WARNING}),
    ]
    history = history_of(runs, START - WEEK, START)
    assert history is not None
    rows = {one.name: one for one in history.rows}
    assert rows["database"].paths == [("pass", "M499 16h3v8h-3z"), ("fail", "M997 0h3v24h-3z")]
    assert rows["security"].paths == [("warning", "M997 8h3v16h-3z")]
    assert rows["database"].label == "database: 2 runs, 1 PASS, 1 FAIL; the last one FAIL."
    assert history_of([], START - WEEK, START) is None


def test_what_was_found_is_escaped_and_told_by_words() -> None:
    """A name of somebody's index is no markup; a status is a word, and no colour alone; nothing scheduled is said."""
    found = report(CheckKind.CONSTRAINTS, START, {"orphans": FAIL})
    wild = CheckReport(found.kind, found.at, [*found.lines[:1], CheckLine("orphans", "<b>", FAIL, "<i>")])
    html = render_checks_page(page(wild, scheduled=False), Frame(environment="test", path="/checks"), reload=False)
    assert "<b>" not in html
    assert "&lt;b&gt;" in html
    assert re.search(r'class="word fail">.*FAIL', html)
    assert "none is now" in html
