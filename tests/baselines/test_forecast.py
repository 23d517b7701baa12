"""Days until a limit: said of what creeps, and of nothing else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from baselines.forecast import DaysUntil, Trend, trend_of
from baselines.rollup import Rollup
from baselines.series import Direction

MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)


def weeks_of_hours(noise: np.random.Generator, days: int, *, a_day: float = 0.0, hours: int = 24) -> list[Rollup]:
    """Hours around 20 ms that take half as long again by day on working days; days scatter by 5 %, hours by 8 %."""
    moments = [MIDNIGHT + timedelta(days=day, hours=hour) for day in range(days) for hour in range(hours)]
    busy = np.array([8 <= at.hour < 20 and at.weekday() < 5 for at in moments])
    elapsed = np.array([(at - MIDNIGHT) / timedelta(days=1) for at in moments])
    scatter = np.repeat(noise.normal(0, 0.05, days), hours) + noise.normal(0, 0.08, len(moments))
    values = (0.02 * np.where(busy, 1.5, 1.0) * np.exp(a_day * elapsed + scatter)).tolist()
    return [Rollup(at, 120, 0, value, value * 1.1) for at, value in zip(moments, values, strict=True)]


@pytest.mark.parametrize("days", [7, 14, 28])
def test_of_what_does_not_creep_nothing_is_said(days: int) -> None:
    """Of 100 unchanged series with the rhythm of days and weeks, at least 95 show no trend."""
    noise = np.random.default_rng(days)
    trends = [trend_of(weeks_of_hours(noise, days)) for _ in range(100)]
    assert sum(one is None for one in trends) >= 95


def test_a_creep_of_one_percent_a_day_is_found() -> None:
    """Within four weeks nearly always, with an interval that covers it in 95 of 100, and so do the days."""
    noise = np.random.default_rng(3)
    found = [one for _ in range(100) if (one := trend_of(weeks_of_hours(noise, 28, a_day=0.01)))]
    assert len(found) >= 95
    assert sum(one.slope_low <= 0.01 <= one.slope_high for one in found) >= 0.95 * len(found)
    # On the last day the level is 20 ms × exp(0.275); 20 % more is 18 days away.
    until = [one.days_until(0.02 * np.exp(0.275) * 1.2) for one in found]
    right = [one is not None and one.earliest <= 18.2 and (one.latest is None or one.latest >= 18.2) for one in until]
    assert sum(right) >= 0.9 * len(found)


def test_too_little_says_nothing() -> None:
    """Six days are not enough however clear, days half measured are none, and an hour without a value is no hour."""
    noise = np.random.default_rng(4)
    clear = weeks_of_hours(noise, 8, a_day=0.3)
    assert trend_of(clear) is not None
    assert trend_of(clear[: 6 * 24]) is None
    assert trend_of(weeks_of_hours(noise, 20, a_day=0.3, hours=19)) is None
    assert trend_of(Rollup(one.hour, 120, 120, None, None) for one in clear) is None
    assert trend_of([]) is None


def test_one_bad_day_is_no_trend() -> None:
    """The last day ten times slower: something happened, but nothing creeps."""
    hours = weeks_of_hours(np.random.default_rng(5), 14)
    bad = [Rollup(one.hour, one.n, 0, (one.p20 or 0.0) * 10, one.median) for one in hours[-24:]]
    assert trend_of([*hours[:-24], *bad]) is None


def test_values_without_a_logarithm_are_no_hours() -> None:
    """A level that is zero most of the time has no trend, and breaks nothing."""
    assert trend_of(Rollup(MIDNIGHT + timedelta(hours=hour), 1, 0, 0.0, 0.0) for hour in range(240)) is None


RISING = Trend(level=0.1, days=0.0, slope=0.02, slope_low=0.01, slope_high=0.04)
SINCE = replace(RISING, days=10.0)
FALLING = Trend(level=0.1, days=0.0, slope=-0.02, slope_low=-0.04, slope_high=-0.01)


@pytest.mark.parametrize(
    ("trend", "limit", "direction", "days"),
    [
        (RISING, 0.1 * np.exp(0.4), Direction.CEILING, (10, 40)),
        (RISING, 0.1 * np.exp(4.0), Direction.CEILING, (100, None)),
        (RISING, 0.1 * np.exp(20.0), Direction.CEILING, None),
        (RISING, 0.09, Direction.CEILING, None),
        (RISING, 0.09, Direction.FLOOR, None),
        (FALLING, 0.2, Direction.CEILING, None),
        (FALLING, 0.1 * np.exp(-0.4), Direction.FLOOR, (10, 40)),
        (RISING, 0.0, Direction.CEILING, None),
        (SINCE, 0.1 * np.exp(0.6), Direction.CEILING, (5, 50)),
        (SINCE, 0.1 * np.exp(0.3), Direction.CEILING, (0, 20)),
        (SINCE, 0.1 * np.exp(0.19), Direction.CEILING, None),
    ],
    ids=[
        "soon",
        "slowly",
        "too far",
        "beyond",
        "rises from a floor",
        "falls from a ceiling",
        "falls to a floor",
        "zero",
        "since the middle",
        "now or later",
        "by now",
    ],
)
def test_when_a_limit_is_crossed(
    trend: Trend, limit: float, direction: Direction, days: tuple[float, float | None] | None
) -> None:
    """At the fast and the slow end of the pace; None where it moves away, is beyond, or takes more than a year."""
    until = trend.days_until(limit, direction)
    assert (until and (until.earliest, until.latest)) == (days and tuple(one and pytest.approx(one) for one in days))


def test_a_range_is_told_as_one() -> None:
    """Rounded to whole days, outwards; open where its end is more than a year away."""
    assert DaysUntil(12.7, 29.2).sentence == "in 12 to 30 days at this pace"
    assert DaysUntil(90.0, None).sentence == "in 90 days or more at this pace"
