"""The report for a merge request."""

from baselines.verdict import Verdict
from dashboards.reports import render_markdown
from tests.dashboards.examples import SLOW, assessed, compared, dropped_index


def test_every_series_is_one_row_of_seven_cells() -> None:
    """The table is a table: the same number of cells in each row, the worst first."""
    rows = [line for line in render_markdown(dropped_index()).splitlines() if line.startswith("|")]
    assert len(rows) == 2 + 9
    assert {row.count("|") for row in rows} == {8}
    assert SLOW.replace("_", "\\_") in rows[2]
    assert "| **degraded** | 41.2 ms | 301 ms | 7.31 (6.90 to 7.75) | 1.25 | 100/100 |" in rows[2]


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
