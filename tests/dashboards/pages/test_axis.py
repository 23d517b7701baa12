"""Axes: round ticks, whatever the range."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines import Unit
from dashboards.pages.axis import TimeAxis, ValueAxis

END = datetime(2026, 3, 2, 14, 41, 12, tzinfo=UTC)


@given(st.floats(1e-6, 1e9))
def test_every_range_has_a_few_round_ticks(highest: float) -> None:
    """Zero at the bottom, all on the axis, evenly apart and not crowded."""
    ticks = ValueAxis.over([highest], Unit.SECONDS).ticks()
    assert 2 <= len(ticks) <= 6
    assert (ticks[0].position, ticks[0].text) == (100, "0")
    assert all(0 <= one.position <= 100 for one in ticks)


def test_ticks_are_told_in_the_unit() -> None:
    """As people say them, without zeros that say nothing."""
    assert [one.text for one in ValueAxis.over([0.092], Unit.SECONDS).ticks()] == ["0", "25 ms", "50 ms", "75 ms"]
    assert [one.text for one in ValueAxis.over([], Unit.RATIO).ticks()] == ["0", "25 %", "50 %", "75 %", "100 %"]


@pytest.mark.parametrize(
    ("lasting", "expected"),
    [
        (timedelta(hours=1), ["13:50", "14:00", "14:10", "14:20", "14:30"]),
        (timedelta(days=1), ["18:00", "21:00", "00:00", "03:00", "06:00", "09:00", "12:00"]),
        (timedelta(days=7), ["24 Feb", "25 Feb", "26 Feb", "27 Feb", "28 Feb", "01 Mar", "02 Mar"]),
        (timedelta(days=30), ["05 Feb", "10 Feb", "15 Feb", "20 Feb", "25 Feb"]),
    ],
)
def test_times_stand_where_a_clock_has_them(lasting: timedelta, expected: list[str]) -> None:
    """Full minutes, hours or days, at most eight, none so near an end that it would be cut."""
    ticks = TimeAxis(END - lasting, END).ticks()
    assert [one.text for one in ticks][: len(expected)] == expected
    assert len(ticks) <= 8
    assert all(3 <= one.position <= 97 for one in ticks)
