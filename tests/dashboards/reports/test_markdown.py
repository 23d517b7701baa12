"""The report for a merge request."""

from dataclasses import replace

from baselines.host_load import HostLoads, LoadRange
from baselines.verdict import Level, Verdict
from dashboards.reports import render_markdown
from tests.dashboards.examples import SLOW, assessed, compared, dropped_index


def test_every_series_is_one_row_of_seven_cells() -> None:
    """The table is a table: the same number of cells in each row, the worst first."""
    rows = [line for line in render_markdown(dropped_index()).splitlines() if line.startswith("|")]
    assert len(rows) == 2 + 9
    assert {row.count("|") for row in rows} == {8}
    assert SLOW.replace("_", "\\_") in rows[2]
    assert "| **degraded** | 41.2 ms | 301 ms | 7.31 (6.90 to 7.75) | 1.25 | 100/100 |" in rows[2]


def test_the_load_and_the_cost_of_a_change_are_told() -> None:
    """The load is a line above the table, the work of an hour a cell of it and a reason below."""
    slow = compared("a.b", Verdict.DEGRADED, 2.0)
    known = replace(
        slow, series=replace(slow.series, calls_per_hour=100.0), level=Level(value=0.08, low=0.07, high=0.09)
    )
    loads = HostLoads(before=LoadRange(0.1, 0.4), after=LoadRange(0.2, 0.9))
    told = assessed(known)
    text = render_markdown(replace(told, comparison=replace(told.comparison, loads=loads)))
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {row.count("|") for row in rows} == {9}
    assert rows[2].endswith("| +4.00 s |")
    assert "- costs 4.00 s of work an hour" in text
    assert "hold for a load per processor of 0.10 to 0.40 before and 0.20 to 0.90 after." in text


def test_a_hostile_name_stays_a_name() -> None:
    """A name can start no cell, no link, no HTML, no mention and no line of its own."""
    hostile = "a.b|c <img src=x>\n# [link](http://x) @all `code` &amp;"
    text = render_markdown(assessed(compared(hostile, Verdict.DEGRADED, 2.0)))
    row = next(line for line in text.splitlines() if line.startswith("| a.b"))
    assert row.count("|") - row.count("\\|") == 8
    assert "<img" not in text
    assert "\n# " not in text
    assert "\\[link\\]" in text
    assert "\\@all" in text


def test_the_report_ends_where_there_is_nothing_to_tell() -> None:
    """Without a series there is a headline and the advice, no table."""
    text = render_markdown(assessed())
    assert text.startswith("### There is nothing to compare")
    assert "|---" not in text
