"""Trends of the service's own figures."""

from collections.abc import Sequence

import pytest

from baselines import Unit
from dashboards.pages.system_page import Trend


def trend(*values: float | None) -> Trend:
    """Seconds over time."""
    return Trend(name="Answer of the store", unit=Unit.SECONDS, values=values, first_at=None, last_at=None)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.0] * 12, "steady"),
        ([1.0] * 6 + [1.2] * 6, "steady"),
        ([1.0] * 6 + [2.0] * 6, "rising"),
        ([2.0] * 6 + [1.0] * 6, "falling"),
        ([0.0] * 12, "steady"),
        ([0.0] * 6 + [3.0] * 6, "rising"),
        ([1.0, 5.0], ""),
    ],
)
def test_a_trend_is_told_by_its_ends(values: Sequence[float], expected: str) -> None:
    """The last quarter against the first; a quarter more is the least that is a change."""
    assert trend(*values).direction == expected


def test_a_gap_is_no_line() -> None:
    """The store was away: the line ends and begins again."""
    assert trend(1.0, 1.0, None, 1.0).path.count("M") == 2
    assert trend().label == "Answer of the store: not known yet."
    assert trend(0.25, None).label == "Answer of the store: - now, 250 ms at most."
