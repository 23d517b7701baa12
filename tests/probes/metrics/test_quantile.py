"""Quantiles of histograms; the figures are those that a real Prometheus gives (see test_promql)."""

import math

import pytest

from probes.metrics.quantile import histogram_quantile

BUCKETS = {0.1: 50.0, 0.5: 80.0, 1.0: 98.0, math.inf: 100.0}


@pytest.mark.parametrize(
    ("quantile", "expected"),
    [(0.25, 0.05), (0.5, 0.1), (0.65, 0.3), (0.95, 0.5 + 0.5 * 15 / 18), (0.98, 1.0), (0.99, 1.0)],
)
def test_values_are_spread_evenly_within_a_bucket(quantile: float, expected: float) -> None:
    """Between bounds linearly, the lowest bucket from zero, the highest at the bound beneath it."""
    assert histogram_quantile(quantile, BUCKETS) == pytest.approx(expected)


def test_empty_buckets_are_passed_over() -> None:
    """Where nothing lies up to a bound, the next one counts."""
    assert histogram_quantile(0.5, {0.1: 0.0, 0.5: 0.0, 1.0: 4.0, math.inf: 4.0}) == pytest.approx(0.75)


def test_a_lowest_bound_that_is_not_positive_is_the_value() -> None:
    """There is no zero to begin at."""
    assert histogram_quantile(0.5, {-1.0: 9.0, 1.0: 10.0, math.inf: 10.0}) == -1.0


def test_counters_that_contradict_each_other_are_made_to_rise() -> None:
    """A higher bound never has fewer observations than a lower one."""
    assert histogram_quantile(0.5, {0.1: 10.0, 0.5: 8.0, math.inf: 10.0}) == pytest.approx(0.05)
