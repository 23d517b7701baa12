"""Figures as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines.series import Direction, Unit
from thresholds.limit import Limit
from thresholds.quantity import Quantity, written


@pytest.mark.parametrize(
    ("given_text", "value", "unit"),
    [
        ("150 ms", 0.15, Unit.SECONDS),
        ("150ms", 0.15, Unit.SECONDS),
        ("1.5 s", 1.5, Unit.SECONDS),
        ("250 us", 0.00025, Unit.SECONDS),
        ("15 min", 900.0, Unit.SECONDS),
        ("99.99 %", 0.9999, Unit.RATIO),
        ("3 GB", 3e9, Unit.BYTES),
        ("0.1", 0.1, None),
        (4, 4.0, None),
    ],
)
def test_reading(given_text: object, value: float, unit: Unit | None) -> None:
    """A figure is read into its base unit exactly."""
    assert Quantity.parse(given_text) == Quantity(value, unit)


@pytest.mark.parametrize(
    ("given_text", "message"),
    [
        ("fast", "'fast' is no figure: write a number with its unit, such as 150 ms or 80 %"),
        ("-5 ms", "'-5 ms' is no figure: write a number with its unit, such as 150 ms or 80 %"),
        (True, "True is no figure: write a number with its unit, such as 150 ms or 80 %"),
        (float("nan"), "nan is no figure: write a number with its unit, such as 150 ms or 80 %"),
        ("5 msec", "'5 msec': unknown unit 'msec', known are us, ms, s, min, h, d, %, B, kB, MB, GB"),
    ],
)
def test_nonsense(given_text: object, message: str) -> None:
    """What is no figure is refused with what can be written instead."""
    with pytest.raises(ValueError, match=r"figure|unit") as caught:
        Quantity.parse(given_text)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0412345, Unit.SECONDS, "41.23 ms"),
        (0.3004, Unit.SECONDS, "300.4 ms"),
        (10.0, Unit.SECONDS, "10 s"),
        (900.0, Unit.SECONDS, "15 min"),
        (5 / 6, Unit.RATIO, "83.33 %"),
        (0.99985, Unit.RATIO, "99.985 %"),
        (3e9, Unit.BYTES, "3 GB"),
        (12.0, Unit.BYTES, "12 B"),
        (123456.0, Unit.COUNT, "123456"),
        (0.12, None, "0.12"),
    ],
)
def test_writing(value: float, unit: Unit | None, text: str) -> None:
    """A value is written the way people say it."""
    assert written(value, unit) == text


@given(
    st.floats(0.0001, 1e6, allow_nan=False),
    st.sampled_from([Unit.SECONDS, Unit.RATIO, Unit.BYTES, None]),
    st.sampled_from(Direction),
)
def test_a_limit_reads_back(value: float, unit: Unit | None, direction: Direction) -> None:
    """A limit that is shown can be pasted back into a configuration."""
    limit = Limit(value, unit, direction)
    again = Limit.parse(str(limit))
    assert (again.unit, again.direction) == (unit, direction)
    assert again.value == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize("text", ["5 per hour", "at least 1 per day", "1000 per minute"])
def test_counts_by_time(text: str) -> None:
    """A count within a time keeps the time."""
    assert str(Limit.parse(text)) == text
