"""The arithmetic, against versions of it that are slow and obvious."""

import math
import statistics
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from baselines.statistics import (
    Estimate,
    Floats,
    Groups,
    benjamini_hochberg,
    difference,
    holm,
    level,
    shrunk_variance,
)

p_values = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=30)


def groups(*sides: list[float]) -> Groups:
    """The groups of some series, each with these locations."""
    owner = np.repeat(np.arange(len(sides)), [len(side) for side in sides])
    return Groups.of(np.array([x for side in sides for x in side]), owner, len(sides))


def test_groups_are_count_mean_and_squares() -> None:
    """Each series gets the figures of its own sessions, and none gets another's."""
    reduced = groups([1.0, 2.0, 6.0], [], [5.0])
    assert reduced.count.tolist() == [3, 0, 1]
    assert reduced.mean[0] == 3.0
    assert math.isnan(reduced.mean[1])
    assert reduced.mean[2] == 5.0
    assert reduced.squares.tolist() == [14.0, 0.0, 0.0]


def test_a_session_without_location_is_no_observation() -> None:
    """NaN and minus infinity count for nothing."""
    reduced = groups([1.0, math.nan, 3.0, -math.inf])
    assert (reduced.count[0], reduced.mean[0], reduced.squares[0]) == (2, 2.0, 2.0)


def test_the_variance_is_shrunk_by_the_formula() -> None:
    """s² = (d₀ s₀² + squares within the sides) / (d₀ + degrees of freedom), to the last digit."""
    before, after = [0.1, 0.4, 0.2], [0.3, 0.9, 0.5, 0.6]
    variance, degrees = shrunk_variance(np.array([6.0]), np.array([0.15]), groups(before), groups(after))
    squares = 2 * statistics.variance(before) + 3 * statistics.variance(after)
    assert degrees[0] == 6 + 2 + 3
    assert variance[0] == pytest.approx((6 * 0.15**2 + squares) / 11)


def test_single_sessions_leave_the_prior_alone() -> None:
    """One session a side says nothing of its scatter, so the prior stays as it is."""
    variance, degrees = shrunk_variance(np.array([6.0]), np.array([0.3]), groups([0.1]), groups([0.5]))
    assert (variance[0], degrees[0]) == (pytest.approx(0.09), 6)


def test_the_error_of_a_difference_is_the_formula() -> None:
    """SE² = s²/k_before + s²/k_after + 0.04²."""
    estimate = difference(groups([1.0, 1.0]), groups([2.0] * 5), np.array([0.09]), np.array([11.0]))
    assert estimate.value[0] == 1.0
    assert estimate.error[0] == pytest.approx(math.sqrt(0.09 / 2 + 0.09 / 5 + 0.04**2))


def test_two_levels_add_up_to_their_difference() -> None:
    """The squared errors of two levels sum to that of their difference."""
    before, after = groups([1.0, 1.0]), groups([2.0] * 5)
    variance, degrees = np.array([0.09]), np.array([11.0])
    errors = [level(side, variance, degrees).error[0] ** 2 for side in (before, after)]
    assert sum(errors) == pytest.approx(difference(before, after, variance, degrees).error[0] ** 2)


@given(st.floats(-2, 2), st.floats(0.01, 1), st.floats(1, 40), st.floats(-2, 2))
def test_probabilities_are_those_of_students_t(value: float, error: float, degrees: float, threshold: float) -> None:
    """Probabilities and bounds agree with SciPy's t distribution, moved and stretched."""
    estimate = Estimate(value=np.array([value]), error=np.array([error]), degrees=np.array([degrees]))
    reference = stats.t(df=degrees, loc=value, scale=error)
    assert estimate.probability_above(threshold)[0] == pytest.approx(reference.sf(threshold), abs=1e-9)
    assert estimate.probability_below(threshold)[0] == pytest.approx(reference.cdf(threshold), abs=1e-9)
    assert estimate.bound(0.975)[0] == pytest.approx(reference.ppf(0.975), rel=1e-6)


@given(p_values)
def test_holm_is_its_definition(values: list[float]) -> None:
    """Holm's adjusted p is the largest (m − rank) p of those that are not larger, ranks counted from nought."""
    ranked = sorted(values)
    expected = [
        min(1.0, max((len(ranked) - rank) * one for rank, one in enumerate(ranked) if one <= p)) for p in values
    ]
    assert holm(np.array(values)) == pytest.approx(expected)


@given(p_values)
def test_benjamini_hochberg_is_scipys(values: list[float]) -> None:
    """The adjusted p-values are those of SciPy's own, slower function."""
    assert benjamini_hochberg(np.array(values)) == pytest.approx(stats.false_discovery_control(values))


@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg])
def test_what_was_not_tested_does_not_count(adjust: Callable[[Floats], Floats]) -> None:
    """A series without a p-value changes nobody else's, and gets none."""
    alone = adjust(np.array([0.01, 0.04]))
    among = adjust(np.array([np.nan, 0.01, np.nan, 0.04]))
    assert np.isnan(among[[0, 2]]).all()
    assert among[[1, 3]].tolist() == alone.tolist()
