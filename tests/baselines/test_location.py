"""Where a session lies, and when it lies nowhere."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines.location import LOW_QUANTILE, MEDIAN, judged_quantile, log_locations
from baselines.samples import Samples
from tests.baselines.sessions import session

durations = st.floats(1e-6, 1e3)


def location(one: Samples, quantile: float = LOW_QUANTILE) -> float:
    """The location of one session."""
    return float(log_locations([one], np.array([quantile]))[0])


def obvious(values: list[float], quantile: float) -> float:
    """The smallest value that the share `quantile` of all values does not exceed."""
    ranked = sorted(values)
    return next(one for i, one in enumerate(ranked, start=1) if i >= quantile * len(ranked) - 1e-9)


@given(st.lists(durations, min_size=1, max_size=60), st.sampled_from([LOW_QUANTILE, 0.25, MEDIAN]))
def test_a_location_is_an_order_statistic(values: list[float], quantile: float) -> None:
    """The location is the log of one of the calls, the one that the definition of a quantile names."""
    assert location(session(values), quantile) == pytest.approx(math.log(obvious(values, quantile)))


@given(st.lists(st.lists(durations, min_size=1, max_size=25), min_size=1, max_size=8))
def test_sessions_do_not_touch_each_other(sessions: list[list[float]]) -> None:
    """Sessions of any lengths taken together lie where each lies alone."""
    together = log_locations([session(one) for one in sessions], np.full(len(sessions), LOW_QUANTILE))
    assert together.tolist() == [location(session(one)) for one in sessions]


def test_the_tenth_percentile_of_twenty_is_the_second_call() -> None:
    """Of 20 calls the second smallest counts, of 100 the tenth."""
    assert location(session([float(i) for i in range(20, 0, -1)])) == pytest.approx(math.log(2))
    assert location(session([float(i) for i in range(1, 101)])) == pytest.approx(math.log(10))


def test_failed_calls_are_left_out() -> None:
    """A session with failed calls lies where the calls that answered lie."""
    assert location(session([None, 5.0, None, 7.0, 9.0, 11.0])) == location(session([5.0, 7.0, 9.0, 11.0]))


@pytest.mark.parametrize("waited", [21.0, 30.0, 1e6])
def test_time_outs_do_not_move_the_calls_below_them(waited: float) -> None:
    """However long the slow calls waited in vain, the order statistics below them stay exact."""
    values = [float(i) for i in range(1, 21)]
    cut = [*values[:12], *[waited] * 8]
    assert location(session(cut, [False] * 12 + [True] * 8)) == location(session(values))


NOWHERE = {
    "no call at all": session([]),
    "every call failed": session([None] * 5),
    "most calls failed": session([None] * 11 + [1.0] * 9),
    "most calls timed out": session([1.0] * 9 + [30.0] * 11, [False] * 9 + [True] * 11),
    "a wait shorter than the quantile hides it": session([0.5] + [1.0] * 19, [True] + [False] * 19),
}


@pytest.mark.parametrize("case", NOWHERE)
def test_a_session_lies_nowhere_rather_than_somewhere_wrong(case: str) -> None:
    """Where the quantile is not known there is no location."""
    assert math.isnan(location(NOWHERE[case]))


def test_half_of_the_calls_are_enough() -> None:
    """With exactly half of the calls failed the other half still says where the session lies."""
    assert location(session([None] * 10 + [1.0] * 10)) == 0.0


def test_zero_lies_at_minus_infinity() -> None:
    """A quantile of zero is told apart from none, without a warning."""
    assert location(session([0.0, 0.0, 1.0])) == -math.inf


def test_small_sessions_are_judged_by_their_median() -> None:
    """The low quantile needs 20 calls in the usual session; one that lost a call changes nothing."""
    assert judged_quantile([session([1.0] * 20)] * 5) == LOW_QUANTILE
    assert judged_quantile([session([1.0] * 20)] * 4 + [session([1.0] * 18)]) == LOW_QUANTILE
    assert judged_quantile([session([1.0] * 19)] * 5) == MEDIAN
    assert judged_quantile([]) == MEDIAN
