"""Where a session lies, and when it lies nowhere."""

import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines.location import LOW_BAND, MEDIAN, judged_band, log_locations
from baselines.samples import Samples
from tests.baselines.sessions import session

durations = st.floats(1e-6, 1e3)


def location(one: Samples, band: tuple[float, float] = LOW_BAND) -> float:
    """The location of one session."""
    return float(log_locations([one], np.array([band]))[0])


def rank(quantile: float, calls: int) -> int:
    """The rank, from 1 on, of the smallest call that the share `quantile` of all calls does not exceed."""
    return next(i for i in range(1, calls + 1) if i >= quantile * calls - 1e-9)


@given(st.lists(durations, min_size=1, max_size=60), st.sampled_from([LOW_BAND, MEDIAN, (0.1, 0.25)]))
def test_a_location_is_a_mean_of_order_statistics(values: list[float], band: tuple[float, float]) -> None:
    """The location is the mean log of the calls from one rank to the other."""
    first, last = (rank(quantile, len(values)) for quantile in band)
    expected = statistics.fmean(math.log(one) for one in sorted(values)[first - 1 : last])
    assert location(session(values), band) == pytest.approx(expected, abs=1e-12)


@given(st.lists(st.lists(durations, min_size=1, max_size=25), min_size=1, max_size=8))
def test_sessions_do_not_touch_each_other(sessions: list[list[float]]) -> None:
    """Sessions of any lengths taken together lie where each lies alone."""
    together = log_locations([session(one) for one in sessions], np.array([LOW_BAND] * len(sessions)))
    assert together == pytest.approx([location(session(one)) for one in sessions])


def test_of_twenty_calls_the_four_fastest_count() -> None:
    """Of 20 calls the first to the fourth from the fastest are averaged, of 100 the fifth to the twentieth."""
    twenty, hundred = ([float(i) for i in range(1, n + 1)] for n in (20, 100))
    assert location(session(twenty[::-1])) == pytest.approx(np.log(twenty[:4]).mean())
    assert location(session(hundred)) == pytest.approx(np.log(hundred[4:20]).mean())


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
    "a wait shorter than the band hides it": session([0.5] + [1.0] * 19, [True] + [False] * 19),
}


@pytest.mark.parametrize("case", NOWHERE)
def test_a_session_lies_nowhere_rather_than_somewhere_wrong(case: str) -> None:
    """Where the calls of the band are not known there is no location."""
    assert math.isnan(location(NOWHERE[case]))


def test_half_of_the_calls_are_enough() -> None:
    """With exactly half of the calls failed the other half still says where the session lies."""
    assert location(session([None] * 10 + [1.0] * 10)) == 0.0


def test_zero_lies_at_minus_infinity() -> None:
    """A location at zero is told apart from none, without a warning."""
    assert location(session([0.0, 0.0, 1.0])) == -math.inf


def test_small_sessions_are_judged_by_their_median() -> None:
    """The low band needs 20 calls in the usual session; one that lost a call changes nothing."""
    assert judged_band([session([1.0] * 20)] * 5) == LOW_BAND
    assert judged_band([session([1.0] * 20)] * 4 + [session([1.0] * 18)]) == LOW_BAND
    assert judged_band([session([1.0] * 19)] * 5) == MEDIAN
    assert judged_band([]) == MEDIAN
