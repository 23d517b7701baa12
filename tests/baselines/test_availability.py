"""Whether more calls fail: the exact test against SciPy's, and the rules in a table."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from baselines.availability import fisher_exact, judge_availability
from baselines.samples import Samples
from baselines.verdict import Question, Verdict
from tests.baselines.sessions import session

counts = st.tuples(st.integers(0, 300), st.integers(1, 300)).map(lambda two: (min(two), max(two)))


def failing(*failed: int, calls: int = 20) -> list[Samples]:
    """Sessions of so many calls, of which so many failed."""
    return [session([None] * one + [1.0] * (calls - one)) for one in failed]


@given(counts, counts)
def test_the_exact_test_is_scipys(before: tuple[int, int], after: tuple[int, int]) -> None:
    """The one-sided p is that of SciPy's Fisher test on the table of failed and answered calls."""
    table = np.array([[after[0], after[1] - after[0]], [before[0], before[1] - before[0]]])
    expected = stats.fisher_exact(table, alternative="greater").pvalue
    assert fisher_exact(*before, *after) == pytest.approx(expected, abs=1e-9)


RULES = {
    "nothing fails": (failing(0, 0, 0, 0, 0), failing(0, 0, 0, 0, 0), Verdict.WITHIN),
    "as much fails as before": (failing(2, 1, 3, 2, 2), failing(1, 2, 2, 3, 2), Verdict.WITHIN),
    "everything fails as before": (failing(20, 20), failing(20, 20), Verdict.WITHIN),
    "one call of a hundred": (failing(0, 0, 0, 0, 0), failing(0, 1, 0, 0, 0), Verdict.WITHIN),
    "three calls of a hundred in three sessions": (
        failing(0, 0, 0, 0, 0),
        failing(1, 1, 0, 1, 0),
        Verdict.INCONCLUSIVE,
    ),
    "eight calls in four sessions": (failing(0, 0, 0, 0, 0), failing(2, 2, 2, 2, 0), Verdict.DEGRADED),
    "eight calls in one session": (failing(0, 0, 0, 0, 0), failing(0, 8, 0, 0, 0), Verdict.INCONCLUSIVE),
    "every call of one session": (failing(0, 0, 0, 0, 0), failing(0, 20, 0, 0, 0), Verdict.DEGRADED),
    "every call of one small session": (failing(0, 0, calls=3), failing(0, 3, calls=3), Verdict.INCONCLUSIVE),
    "a lost session as before": (failing(20, 0, 0, 0, 0), failing(0, 20, 0, 0, 0), Verdict.WITHIN),
    "one lost session among sixty": (failing(*[0] * 60), failing(20, *[0] * 59), Verdict.INCONCLUSIVE),
    "every call of the only session": (failing(0, calls=100), failing(100, calls=100), Verdict.DEGRADED),
    "most calls of the only session": (failing(0, calls=100), failing(60, calls=100), Verdict.INCONCLUSIVE),
    "many calls, a small difference": (failing(0, 0, calls=2000), failing(30, 30, calls=2000), Verdict.WITHIN),
    "fewer than before": (failing(4, 4, 4, 4, 4), failing(0, 0, 0, 0, 0), Verdict.IMPROVED),
    "perhaps fewer than before": (failing(1, 1, 1, 0, 0), failing(0, 0, 0, 0, 0), Verdict.WITHIN),
    "no call after": (failing(0, 0), [], Verdict.INCONCLUSIVE),
    "no call before": ([], failing(0, 0), Verdict.INCONCLUSIVE),
    "empty sessions": (failing(0, 0), [session([])], Verdict.INCONCLUSIVE),
}


@pytest.mark.parametrize("name", RULES)
def test_calls_of_one_session_are_one_observation(name: str) -> None:
    """Failures count from two sessions, two percentage points and more than chance; or when a session is lost."""
    before, after, expected = RULES[name]
    answer = judge_availability(before, after)
    assert (answer.question, answer.verdict) == (Question.AVAILABILITY, expected)
    assert answer.ratio is None


def test_a_time_out_has_failed() -> None:
    """Calls that waited in vain count like those that were refused."""
    after = [session([1.0] * 15 + [30.0] * 5, [False] * 15 + [True] * 5)] * 5
    assert judge_availability(failing(0, 0, 0, 0, 0), after).verdict is Verdict.DEGRADED


def test_the_reason_has_the_counts() -> None:
    """A reader sees how many calls of how many failed on each side."""
    reason = judge_availability(failing(1, 0), failing(3, 4)).reason
    assert "1 of 40 calls (2.5%)" in reason
    assert "7 of 40 calls (17.5%)" in reason


def test_only_an_open_answer_asks_for_sessions() -> None:
    """Further sessions are asked for where they can decide, and nowhere else."""
    assert judge_availability(failing(0, 0), failing(5, 0)).more_sessions == 1
    assert judge_availability(failing(0, 0), failing(0, 0)).more_sessions == 0
