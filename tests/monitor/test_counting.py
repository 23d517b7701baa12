"""Which series are added up over the time of their limit."""

import asyncio
from datetime import timedelta

import pytest

from baselines import Measurement, Outcome, Reason, Series, SeriesRegistry, Unit
from monitor.counting import Counting
from tests.clocks import START
from thresholds import LimitOverride, load_matrix

NAME = "our_own.errors"


def counting(series: Series, **figures: object) -> Counting:
    """The counts of one series with that limit."""
    matrix = load_matrix().overridden({NAME: LimitOverride.model_validate(figures)})
    return Counting(SeriesRegistry([series]), {NAME: matrix.limits_of(series)})


def measured(value: float | None, seconds: float = 0.0) -> Measurement:
    at = START + timedelta(seconds=seconds)
    outcome, reason = (Outcome.OK, None) if value is not None else (Outcome.ERROR, Reason.REFUSED)
    return Measurement(series=NAME, intended_at=at, started_at=at, outcome=outcome, reason=reason, value=value)


@pytest.mark.parametrize(
    ("increment", "limit", "second"),
    [(True, "5 per hour", 2.0), (True, "5 per minute", 2.0), (True, 5, 1.0), (False, "5 per hour", 1.0)],
)
def test_only_increments_with_a_limit_by_time(increment: bool, limit: object, second: float) -> None:
    """A probe that counts the whole window itself is taken at its word, and a plain limit is held against each run."""
    counts = counting(Series(NAME, Unit.COUNT, cadence_seconds=30, increment=increment), warning=limit)
    counts.of_window(measured(1.0))
    assert counts.of_window(measured(1.0, 30)).value == second


def test_a_run_that_failed_counts_nothing() -> None:
    """It goes on as it is."""
    counts = counting(Series(NAME, Unit.COUNT, cadence_seconds=30, increment=True), warning="5 per hour")
    failed = measured(None)
    assert counts.of_window(failed) is failed
    assert counts.of_window(measured(1.0, 30)).value == 1.0


def test_without_a_count_the_store_is_not_asked() -> None:
    """Nothing is read back at a start."""
    counts = counting(Series(NAME, Unit.COUNT), warning=5)
    asyncio.run(counts.restore(None, START))  # type: ignore[arg-type]
