"""Increments added up over a window."""

from datetime import timedelta
from itertools import repeat

import pytest

from tests.thresholds.comparisons import NOON
from thresholds import WindowCount

HOUR, HALF_MINUTE = 3600.0, 30.0


def at(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def test_the_sum_of_the_last_hour() -> None:
    """One an hour and a half, every run: never more than the runs that an hour has."""
    count = WindowCount(HOUR, HALF_MINUTE)
    sums = [count.add(NOON + at(HALF_MINUTE * run), 1) for run in range(180)]
    assert sums == [*range(1, 121), *repeat(120, 60)]


@pytest.mark.parametrize("jitter", [-0.4, 0.0, 0.4])
def test_a_run_a_minute_counts_a_minute(jitter: float) -> None:
    """A run that is early or late takes neither its neighbour in nor itself out."""
    count = WindowCount(60.0, 60.0)
    runs = [NOON + at(60 * run + (jitter if run % 2 else 0.0)) for run in range(6)]
    assert [count.add(run, 1000) for run in runs] == [1000] * 6


def test_what_is_quiet_is_not_remembered() -> None:
    """A day of runs without an event keeps nothing, and an event leaves it on time."""
    count = WindowCount(HOUR, HALF_MINUTE)
    assert count.add(NOON, 2) == 2
    assert [count.add(NOON + at(HALF_MINUTE * run), 0) for run in range(1, 120)] == [2] * 119
    assert count.add(NOON + at(HOUR), 0) == 0
    assert not count._increments


def test_what_was_counted_before_is_taken_in_once() -> None:
    """The store may have what is known already; what lies before the window falls out with the next run."""
    count = WindowCount(HOUR, HALF_MINUTE)
    count.add(NOON, 1)
    stored = [(NOON - at(2 * HOUR), 7.0), (NOON - at(60), 2.0), (NOON - at(30), 0.0), (NOON, 1.0)]
    count.restore(stored)
    count.restore(stored)
    assert count.add(NOON + at(30), 1) == 4


def test_a_clock_that_is_set_back_loses_nothing() -> None:
    """What was counted stays until its time has really passed."""
    count = WindowCount(HOUR, HALF_MINUTE)
    count.add(NOON, 1)
    assert count.add(NOON - at(600), 1) == 2
    assert count.add(NOON + at(HOUR - 60), 1) == 3
    assert count.add(NOON + at(HOUR), 0) == 1
