"""The logarithmic axis."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.reports.scale import LEAST_APART, LogScale


@given(st.floats(1e-6, 1e6), st.floats(1.001, 1e6))
def test_ticks_lie_on_the_axis_apart_and_in_order(low: float, factor: float) -> None:
    """For every axis there is a tick, none lies outside, and no two write over each other."""
    scale = LogScale(low, low * factor)
    positions = [scale.position(one) for one in scale.ticks()]
    assert all(0 <= one <= 100 for one in positions)
    assert all(right - left >= LEAST_APART - 0.02 for left, right in pairwise(positions))
    assert positions or factor < 1.02


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-1.0, 1.0), (2.0, 2.0), (3.0, 2.0)])
def test_an_axis_without_a_positive_length_is_refused(low: float, high: float) -> None:
    """A logarithm needs positive ends in order; the message says which were given."""
    with pytest.raises(ValueError, match="0 < low < high"):
        LogScale(low, high)


def test_values_beyond_an_end_are_put_onto_it() -> None:
    """What is cut is drawn at the edge and not outside the picture."""
    scale = LogScale(0.5, 2.0)
    assert (scale.position(0.1), scale.position(1.0), scale.position(9.0)) == (0.0, 50.0, 100.0)
