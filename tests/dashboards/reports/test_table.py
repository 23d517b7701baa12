"""The table for a terminal and a pipe."""

import io
import re
from dataclasses import replace

import pytest
from rich.console import Console

from baselines.verdict import Answer, Level, Question, Verdict
from dashboards.reports import render_table
from tests.dashboards.examples import SLOW, assessed, compared, dropped_index

LONG = "database_queries." + "very_" * 40 + "long"


def test_in_a_pipe_every_series_is_one_line_with_its_full_name() -> None:
    """What a script greps for is on one line: name, verdict, both medians, ratio, interval, tolerance, calls."""
    out = io.StringIO()
    told = render_table(assessed(compared(LONG, Verdict.DEGRADED, 7.31), *dropped_index().comparison.series))
    Console(file=out).print(told, soft_wrap=True)
    line = next(one for one in out.getvalue().splitlines() if one.startswith(LONG + " "))
    assert line.split() == [
        LONG, "degraded", "41.2", "ms", "301", "ms", "7.31", "6.90", "to", "7.75", "1.25", "100/100",
    ]  # fmt: skip
    assert "\x1b" not in out.getvalue()
    assert "…" not in out.getvalue()


@pytest.mark.parametrize("width", [60, 80, 132])
def test_no_row_is_wider_than_the_terminal_unless_a_name_is(width: int) -> None:
    """At 80 columns the figures of a long name stand on the next line, whole and in their columns."""
    rows = render_table(dropped_index(), width).plain.splitlines()
    assert all(len(row) <= max(width, 80) for row in rows)
    heading = next(number for number, one in enumerate(rows) if one == "series" or one.startswith("series  "))
    row = next(number for number, one in enumerate(rows) if number > heading and one.startswith(SLOW))
    figures = rows[row] if width == 132 else rows[row + 1]
    assert "degraded" in figures
    assert "6.90 to 7.75" in figures


def test_what_a_change_costs_has_a_column_only_where_calls_are_known() -> None:
    """One known series is enough for the column; the others have a dash there."""
    slow = compared("a.b", Verdict.DEGRADED, 2.0)
    known = replace(
        slow, series=replace(slow.series, calls_per_hour=100.0), level=Level(value=0.08, low=0.07, high=0.09)
    )
    text = render_table(assessed(known, compared("a.c", Verdict.WITHIN))).plain
    assert [line.split()[-1] for line in text.splitlines() if line.startswith(("series", "a.b ", "a.c "))] == [
        "work/h", "s", "-",
    ]  # fmt: skip
    assert "+4.00 s" in text
    assert "costs 4.00 s of work an hour, at 100 calls an hour" in text
    assert "work/h" not in render_table(assessed(slow)).plain


def test_a_series_degraded_in_its_tail_shows_that_ratio_and_says_so() -> None:
    """The verdict names the question, and the ratio beside it is that question's."""
    tail = Answer(question=Question.TAIL, verdict=Verdict.DEGRADED, ratio=2.5, ci_low=2.0, ci_high=3.1)
    within = compared("a.b", Verdict.WITHIN)
    text = render_table(assessed(replace(within, verdict=Verdict.DEGRADED, answers=[*within.answers[:1], tail]))).plain
    row = next(line for line in text.splitlines() if line.startswith("a.b "))
    assert "degraded (tail)" in row
    assert re.search(r"2\.50 +2\.00 to 3\.10 ", row)


def test_rows_are_ascii_so_that_any_terminal_shows_them() -> None:
    """The table itself needs no Unicode; only names and causes may bring some."""
    text = render_table(assessed(compared("a.b", Verdict.DEGRADED, 2.0), compared("a.c", Verdict.NEW))).plain
    assert text.isascii()


def test_what_is_not_within_is_explained_below() -> None:
    """Reason, cause and findings follow the table, worst first; series within tolerance are not repeated."""
    text = render_table(dropped_index()).plain
    assert "because the plan changed: Index Scan" in text
    assert f"critical: {SLOW} is over its limit" in text
    assert text.count("database_queries.client_groups_list") == 1


def test_nothing_to_compare_is_two_sentences_and_no_empty_table() -> None:
    """Without a series there is no heading either."""
    assert render_table(assessed()).plain.splitlines() == [
        "There is nothing to compare: neither side has a series.",
        "Continue.",
    ]


def test_the_verdict_is_coloured_and_said() -> None:
    """Colour comes on top of the word, on a terminal that has it."""
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, color_system="standard", width=132, _environ={})
    console.print(render_table(dropped_index(), 132), soft_wrap=True)
    assert "\x1b[1;31mdegraded" in out.getvalue()
