"""Figures as text."""

import math

import pytest

from baselines.series import Unit
from dashboards.reports import figures


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (0.0471, Unit.SECONDS, "47.1 ms"),
        (0.00004, Unit.SECONDS, "0.0400 ms"),
        (0.9, Unit.SECONDS, "900 ms"),
        (1.0, Unit.SECONDS, "1.00 s"),
        (3600.0, Unit.SECONDS, "3600 s"),
        (0.0, Unit.SECONDS, "0 ms"),
        (0.815, Unit.RATIO, "81.5 %"),
        (3_200_000, Unit.BYTES, "3.20 MB"),
        (5e15, Unit.BYTES, "5000 TB"),
        (4.0, Unit.COUNT, "4"),
        (4.5, Unit.COUNT, "4.50"),
        (None, Unit.SECONDS, "-"),
        (math.nan, Unit.SECONDS, "-"),
        (math.inf, Unit.RATIO, "-"),
    ],
)
def test_a_quantity_has_three_digits_and_a_fitting_unit(value: float | None, unit: Unit, expected: str) -> None:
    """Short enough for a cell, exact enough to compare; what is no number is a dash."""
    assert figures.quantity(value, unit) == expected


@pytest.mark.parametrize(("share", "expected"), [(1.0, "over 99 %"), (0.93, "93 %"), (0.0, "under 1 %")])
def test_a_probability_never_claims_certainty(share: float, expected: str) -> None:
    """No estimate is 0 or 100 %."""
    assert figures.percent(share) == expected


def test_ticks_have_no_zeros_that_say_nothing() -> None:
    """30 ms and not 30.0 ms; 300 ms stays 300 ms."""
    assert [figures.mark(one, Unit.SECONDS) for one in (0.03, 0.3, 1.5, 2.0)] == ["30 ms", "300 ms", "1.5 s", "2 s"]
