"""What else changed stands in every report."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from baselines.ledger import Change, Section, State
from dashboards.reports import render_html, render_json, render_junit, render_markdown, render_table
from tests.dashboards.examples import AT, dropped_index
from thresholds.assessment import Assessment


def with_changes(*changes: Change) -> Assessment:
    """The example of a dropped index, with these changes."""
    example = dropped_index()
    return replace(example, comparison=replace(example.comparison, changes=changes))


def change(number: int, section: Section = Section.INDEXES) -> Change:
    """An index that is gone, or a table that was analysed."""
    gone = section is Section.INDEXES
    return Change(
        source="db",
        section=section,
        item=f"index i{number} on t" if gone else f"analyze of t{number}",
        before="btree (<a>)",
        after=None if gone else "2026-03-01 11:00 UTC",
        at=AT,
    )


REPORTS: dict[str, Callable[[Assessment], str]] = {
    "table": lambda assessment: render_table(assessment).plain,
    "markdown": render_markdown,
    "html": render_html,
    "junit": render_junit,
}


@pytest.mark.parametrize("report", REPORTS)
def test_a_change_is_told_with_its_source_and_its_instant(report: str) -> None:
    """As one sentence; and a comparison without changes says nothing of them."""
    told = REPORTS[report](with_changes(change(1)))
    assert "index i1 on t is gone (db, 2026-03-01 12:00 UTC)" in told.replace("<wbr>", "")
    assert "hanged" not in REPORTS[report](dropped_index()).replace("the plan changed", "")


@pytest.mark.parametrize("report", REPORTS)
def test_upkeep_and_numbers_never_drown_what_matters(report: str) -> None:
    """Twenty changes at most, and a night of autovacuum in one line."""
    upkeep = [change(number, Section.STATISTICS) for number in range(100)]
    told = REPORTS[report](with_changes(*upkeep, *(change(number) for number in range(30)))).replace("<wbr>", "")
    assert told.count(" is gone (db") == 20
    assert "10 further changes" in told
    assert told.count("analyze of") == 3
    assert "and 97 more" in told


def test_scripts_get_every_change() -> None:
    """Each with its sides and its sentence."""
    upkeep = [change(number, Section.STATISTICS) for number in range(100)]
    told = json.loads(render_json(with_changes(change(1), *upkeep)))["changes"]
    assert len(told) == 101
    assert told[0] == {
        "source": "db",
        "section": "indexes",
        "item": "index i1 on t",
        "before": "btree (<a>)",
        "after": None,
        "at": "2026-03-01T12:00:00+00:00",
        "summary": "index i1 on t is gone",
    }


def test_what_is_gone_stands_before_what_has_come() -> None:
    """A migration that makes a hundred things and loses one index: the index is told first, the rest is counted."""
    made = [
        Change(source="db", section=Section.CONSTRAINTS, item=f"constraint c{number}", before=None, after="x", at=AT)
        for number in range(100)
    ]
    set_anew = Change(source="db", section=Section.SETTINGS, item="setting work_mem", before="4MB", after="64kB", at=AT)
    invalid = Change(source="db", section=Section.INDEXES, item="index i on t", before=None, after=State.INVALID, at=AT)
    told = render_table(with_changes(*made, set_anew, change(1), invalid)).plain
    told = told[told.index("changed since") :]
    assert (
        told.index("index i1 on t is gone")
        < told.index("index i on t is invalid")
        < told.index("setting work_mem 4MB → 64kB")
        < told.index("new: constraints 100")
    )
    assert "constraint c" not in told
