"""The figures for people."""

import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines.summary import summarise
from tests.baselines.sessions import drawn, session


@given(st.lists(st.floats(0, 1e4), min_size=2, max_size=200))
def test_figures_are_those_of_all_calls_together(values: list[float]) -> None:
    """Mean, median and extremes agree with the standard library, the percentiles with NumPy's."""
    cut = len(values) // 2
    summary = summarise([session(values[:cut]), session(values[cut:])])
    assert summary.mean == pytest.approx(statistics.fmean(values))
    assert summary.median == pytest.approx(statistics.median(values))
    assert (summary.minimum, summary.maximum) == (min(values), max(values))
    assert (summary.p95, summary.p99) == pytest.approx(tuple(np.percentile(values, [95, 99])))


def test_calls_that_did_not_answer_are_counted_apart() -> None:
    """Failures and time-outs count among the calls and never among the figures."""
    summary = summarise([session([1.0, None, 30.0, 3.0], [False, False, True, False]), session([None])])
    assert (summary.n, summary.failed, summary.timed_out) == (5, 2, 1)
    assert (summary.mean, summary.maximum) == (2.0, 3.0)


@pytest.mark.parametrize("sessions", [[], [session([])], [session([None, None])]])
def test_where_no_call_answered_there_are_no_figures(sessions: list) -> None:  # type: ignore[type-arg]
    """Nothing is made up for an empty side."""
    summary = summarise(sessions)
    assert summary.mean is summary.median is summary.p95 is summary.p99 is summary.minimum is summary.maximum is None


def test_the_p95_has_an_interval_that_covers_it() -> None:
    """Of sessions that scatter by 15 % the interval holds the true p95 in about 95 of 100 captures."""
    rng = np.random.default_rng(7)
    true = np.quantile(np.concatenate([one.values for one in drawn(rng, sessions=20_000)]), 0.95)
    intervals = [summarise(drawn(rng)).p95_interval for _ in range(300)]
    covered = [low <= true <= high for low, high in filter(None, intervals)]
    assert len(covered) == 300
    assert sum(covered) / 300 >= 0.90


def test_one_session_gives_no_interval() -> None:
    """Its calls are not independent, so nothing is known of the scatter."""
    assert summarise([session([1.0, 2.0, 3.0] * 7)]).p95_interval is None
    assert summarise([session([1.0, 2.0]), session([None])]).p95_interval is None
