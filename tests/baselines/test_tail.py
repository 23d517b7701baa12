"""The tail question: what it finds, what it leaves to the typical question, and when it can't be asked."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baselines.case import Case, Look
from baselines.samples import Samples
from baselines.tail import judge_tail
from baselines.verdict import Answer, Verdict
from tests.baselines.sessions import drawn, scaled, session, steady

RAMP = [1.0 + 0.01 * i for i in range(20)]


def case(
    before: Sequence[Samples], after: Sequence[Samples], history: Sequence[Samples] = (), floor: float = 0.0
) -> Case:
    """A case at the usual tolerance."""
    return Case(metric="m", before=before, after=after, tolerance=1.25, history=history, floor=floor)


def answered(one: Case, look: Look = Look.ONLY) -> Answer:
    """The answer to the case as a family of one."""
    answer = judge_tail([one], look)[0]
    assert answer is not None
    return answer


def ramps(sessions: int = 5, slow: int = 0, factor: float = 3.0) -> list[Samples]:
    """Sessions of twenty calls a hundredth apart, the last `slow` of them that many times slower."""
    return [session([*RAMP[: 20 - slow], *(factor * one for one in RAMP[20 - slow :])]) for _ in range(sessions)]


QUIET = ramps(12)


def test_calls_that_became_slower_are_found() -> None:
    """A third of the calls three times slower is degraded, with an interval above 1; unchanged is within."""
    slower = answered(case(ramps(), ramps(slow=7), QUIET))
    assert slower.verdict is Verdict.DEGRADED
    assert slower.ratio is not None
    assert slower.ci_low is not None
    assert 1.0 < slower.ci_low < slower.ratio
    assert answered(case(ramps(), ramps(), QUIET)).verdict is Verdict.WITHIN


@pytest.mark.parametrize("factor", [1.1, 2.0, 10.0])
def test_what_slowed_every_call_is_not_the_tails(factor: float) -> None:
    """A uniform slow-down leaves the ratio at 1: it is the typical question's."""
    answer = answered(case(ramps(), scaled(ramps(), factor), QUIET))
    assert answer.ratio == pytest.approx(1.0)
    assert answer.verdict is Verdict.WITHIN


def test_a_faster_rest_makes_no_slow_tail() -> None:
    """Where most calls became three times faster and the slower ones stayed, the tail is within at a ratio of 1."""
    faster = [session([one / 3 for one in RAMP[:10]] + RAMP[10:]) for _ in range(5)]
    answer = answered(case(ramps(), faster, QUIET))
    assert answer.ratio == pytest.approx(1.0)
    assert answer.verdict is Verdict.WITHIN


def test_a_tail_is_never_improved() -> None:
    """Slow calls that are gone are no verdict of their own."""
    assert answered(case(ramps(slow=7), ramps(), ramps(12, slow=7))).verdict is Verdict.WITHIN


def test_a_difference_below_the_floor_is_within() -> None:
    """Slower calls are nothing while they take less than the floor longer, and degraded once it is more."""
    below, above = (answered(case(ramps(), ramps(slow=7), QUIET, floor=floor)) for floor in (10.0, 0.1))
    assert (below.verdict, above.verdict) == (Verdict.WITHIN, Verdict.DEGRADED)
    assert "floor" not in above.reason


def test_noise_is_neither_degraded_nor_within() -> None:
    """Where the tail of each session lies elsewhere nothing is claimed, and sessions are asked for."""
    loud, louder = (
        [ramps(1, slow=slow, factor=8.0)[0] for slow in counts] for counts in ((0, 9, 2, 8, 5), (2, 9, 4, 8, 7))
    )
    answer = answered(case(loud, louder, loud * 2))
    assert answer.verdict is Verdict.INCONCLUSIVE
    assert answer.more_sessions


def timed_out(slow: int) -> list[Samples]:
    """Sessions in which the last calls waited half a minute in vain."""
    return [session([*RAMP[: 20 - slow], *[30.0] * slow], [False] * (20 - slow) + [True] * slow) for _ in range(5)]


def test_time_outs_after_are_slow_calls() -> None:
    """Calls that timed out among the judged ones make the tail degraded, as what was waited."""
    assert answered(case(ramps(), timed_out(5), QUIET)).verdict is Verdict.DEGRADED


@pytest.mark.parametrize("sides", ["before", "after", "both"])
@pytest.mark.parametrize("slow", [3, 7, 9])
def test_nothing_is_within_where_calls_timed_out(sides: str, slow: int) -> None:
    """With time-outs among the judged calls of either side no tail is within, in one session or in all."""
    late, some = timed_out(slow), [*timed_out(slow)[:1], *ramps(4)]
    for hit in (late, some):
        before = hit if sides in ("before", "both") else ramps()
        after = hit if sides in ("after", "both") else ramps()
        assert answered(case(before, after, QUIET)).verdict is not Verdict.WITHIN


def test_time_outs_before_leave_no_ratio() -> None:
    """How slow the calls before were is not known, so none after is called slower, however slow."""
    answer = answered(case(timed_out(5), ramps(slow=7), QUIET))
    assert (answer.verdict, answer.ratio, answer.more_sessions) == (Verdict.INCONCLUSIVE, None, None)
    assert "timed out" in answer.reason


def test_few_time_outs_are_slow_calls_too() -> None:
    """Two of twenty calls that timed out count as what was waited, however few of the slower calls they are."""
    ratio = answered(case(ramps(), timed_out(2), QUIET)).ratio
    assert ratio is not None
    assert ratio > 1.1


NOT_ASKED = {
    "small sessions": ([session(RAMP[:19])] * 5, [session(RAMP[:19])] * 5),
    "no call after": (ramps(), []),
    "no call before": ([], ramps()),
    "all failed": (ramps(), [session([None] * 20)] * 5),
    "at zero": (steady(0.0), steady(0.0)),
}


@pytest.mark.parametrize("name", NOT_ASKED)
def test_where_it_can_not_be_asked_there_is_no_answer(name: str) -> None:
    """Small sessions have no tail to speak of, and what lies nowhere is the typical question's to tell."""
    assert judge_tail([case(*NOT_ASKED[name])]) == [None]


def test_no_family_no_answer() -> None:
    """An empty family is answered with nothing."""
    assert judge_tail([]) == []


def test_a_later_look_spends_less_error() -> None:
    """What one planned look calls degraded is not yet so at the first of three."""
    rng = np.random.default_rng(3)
    verdicts = [
        tuple(answered(one, look).verdict is Verdict.DEGRADED for look in (Look.ONLY, Look.FIRST))
        for one in (
            case(drawn(rng, scatter=0.3), with_slow_calls(drawn(rng, scatter=0.3), rng), drawn(rng, sessions=12))
            for _ in range(100)
        )
    ]
    assert (True, False) in verdicts
    assert (False, True) not in verdicts


def with_slow_calls(sessions: Sequence[Samples], rng: np.random.Generator) -> list[Samples]:
    """The sessions with a fifth of the calls three times as slow."""
    return [
        Samples(np.where(rng.random(len(one)) < 0.2, 3 * one.values, one.values), one.timed_out) for one in sessions
    ]


def test_a_large_family_corrects_and_suspects() -> None:
    """What is degraded alone is suspected among hundreds that are not."""
    rng = np.random.default_rng(3)
    doubtful = [case(drawn(rng), with_slow_calls(drawn(rng), rng), drawn(rng, sessions=12)) for _ in range(40)]
    same = [case(ramps(), ramps(), QUIET)] * 300
    alone = [answered(one) for one in doubtful]
    among = [judge_tail([one, *same])[0] for one in doubtful]
    changed = [b for a, b in zip(alone, among, strict=True) if b and a.verdict is not b.verdict]
    assert changed
    assert all(one.verdict is Verdict.INCONCLUSIVE and one.suspected for one in changed)


@given(st.integers(0, 2**32), st.floats(1e-6, 1e6))
@settings(max_examples=40)
def test_the_unit_does_not_matter(seed: int, unit: float) -> None:
    """The same samples in another unit have the same answer."""
    rng = np.random.default_rng(seed)
    one = case(drawn(rng), with_slow_calls(drawn(rng), rng), drawn(rng, sessions=8))
    other = case(scaled(one.before, unit), scaled(one.after, unit), scaled(one.history, unit))
    assert answered(other).ratio == pytest.approx(answered(one).ratio)


@given(st.integers(0, 2**32), st.floats(1.0, 5.0))
@settings(max_examples=60)
def test_the_figures_agree_with_the_verdict(seed: int, factor: float) -> None:
    """Degraded lies over the tolerance with an interval above 1; within lies below the tolerance."""
    rng = np.random.default_rng(seed)
    after = [
        Samples(np.where(rng.random(20) < 0.3, factor * one.values, one.values), one.timed_out) for one in drawn(rng)
    ]
    answer = answered(case(drawn(rng), after, drawn(rng, sessions=8)))
    assert answer.ratio is not None
    assert answer.ci_low is not None
    assert answer.ci_high is not None
    assert 0 < answer.ci_low <= answer.ratio <= answer.ci_high < math.inf
    if answer.verdict is Verdict.DEGRADED:
        assert answer.ratio > 1.25
        assert answer.ci_low > 1.0
    if answer.verdict is Verdict.WITHIN:
        assert answer.ratio <= 1.25
