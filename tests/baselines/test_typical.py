"""The typical question: its rules one by one, then what must hold whatever the samples."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from baselines.baseline import Spacing
from baselines.case import Case, Look
from baselines.samples import Samples
from baselines.typical import Typical, judge_typical
from baselines.verdict import Answer, Verdict
from tests.baselines.sessions import drawn, lying_at, scaled, session, steady

levels = st.lists(st.floats(0.5, 2.0), min_size=1, max_size=8)
tolerances = st.sampled_from([1.05, 1.15, 1.25, 1.5, 2.0])

# Twelve sessions with a scatter of about 15 %, as a usual series has.
USUAL = lying_at(math.exp(0.15 * z) for z in (-1.6, -1.1, -0.8, -0.5, -0.3, -0.1, 0.1, 0.3, 0.5, 0.8, 1.1, 1.6))
QUIET = lying_at(math.exp(0.01 * (-1) ** i) for i in range(12))


def case(
    before: Sequence[Samples],
    after: Sequence[Samples],
    tolerance: float = 1.25,
    history: Sequence[Samples] = (),
    spacing: Spacing = Spacing.SPREAD,
    floor: float = 0.0,
) -> Case:
    """A case called m."""
    return Case(
        metric="m",
        before=before,
        after=after,
        tolerance=tolerance,
        history=history,
        spacing=spacing,
        floor=floor,
    )


def judged(one: Case, look: Look = Look.ONLY) -> Typical:
    """The case as a family of one."""
    return judge_typical([one], look)[0]


def answered(one: Case, look: Look = Look.ONLY) -> Answer:
    """The answer to the case as a family of one."""
    return judged(one, look).answer


def obvious(
    before: list[float], after: list[float], tolerance: float, history: list[float]
) -> tuple[Verdict, float, float]:
    """The rules for one series from its session levels, one line after the other: verdict, ratio, upper bound."""
    log_before, log_after = [math.log(x) for x in before], [math.log(x) for x in after]
    if len(history) >= 2:
        d0, s0 = min(6, len(history) - 1), statistics.stdev(math.log(x) for x in history)
    else:
        d0, s0 = 6, 0.30 if len(before) == len(after) == 1 else 0.15
    squares = sum((x - statistics.fmean(side)) ** 2 for side in (log_before, log_after) for x in side)
    degrees = d0 + len(before) - 1 + len(after) - 1
    s2 = (d0 * s0**2 + squares) / degrees
    error = math.sqrt(s2 / len(before) + s2 / len(after) + 0.04**2)
    estimate = statistics.fmean(log_after) - statistics.fmean(log_before)
    t = stats.t(df=degrees, loc=estimate, scale=error)
    ratio, high = math.exp(estimate), math.exp(t.ppf(0.975))
    if ratio > tolerance and t.cdf(math.log(tolerance**0.65)) < 0.050:
        return Verdict.DEGRADED, ratio, high
    if ratio < 0.9 and t.sf(0.0) < 0.05:
        return Verdict.IMPROVED, ratio, high
    if ratio <= tolerance and high < 1.12 * tolerance:
        return Verdict.WITHIN, ratio, high
    return Verdict.INCONCLUSIVE, ratio, high


@given(levels, levels, tolerances, st.lists(st.floats(0.5, 2.0), max_size=12))
def test_the_rules_agree_with_their_slow_version(
    before: list[float], after: list[float], tolerance: float, history: list[float]
) -> None:
    """The vectorised rules give the verdict, the ratio and the bound of the obvious ones."""
    answer = answered(case(lying_at(before), lying_at(after), tolerance, lying_at(history)))
    verdict, ratio, high = obvious(before, after, tolerance, history)
    assert answer.verdict is verdict
    assert answer.ratio == pytest.approx(ratio)
    assert answer.ci_high == pytest.approx(high)


VERDICTS = {
    "the same": (1.0, USUAL, Verdict.WITHIN),
    "a tenth slower on a quiet series": (1.10, QUIET, Verdict.WITHIN),
    "half as slow again on a quiet series": (1.5, QUIET, Verdict.DEGRADED),
    "half as slow again on a usual series": (1.5, USUAL, Verdict.DEGRADED),
    "just over the tolerance on a quiet series": (1.27, QUIET, Verdict.DEGRADED),
    "just over the tolerance on a usual series": (1.27, USUAL, Verdict.INCONCLUSIVE),
    "just under the tolerance on a usual series": (1.23, USUAL, Verdict.INCONCLUSIVE),
    "half the time": (0.5, USUAL, Verdict.IMPROVED),
    "a twentieth faster": (0.95, QUIET, Verdict.WITHIN),
}


@pytest.mark.parametrize("name", VERDICTS)
def test_a_clear_change_has_a_clear_verdict(name: str) -> None:
    """Sessions of one level each, five a side, against the history that the table names."""
    factor, history, expected = VERDICTS[name]
    assert answered(case(steady(1.0), steady(factor), history=history)).verdict is expected


UNDEFINED = {
    "nothing after": (steady(1.0), [], "no call on the after side"),
    "nothing before": ([], steady(1.0), "no call on the before side"),
    "empty sessions": (steady(1.0), [session([])] * 5, "no call on the after side"),
    "all failed": (steady(1.0), [session([None] * 20)] * 5, "availability"),
    "60 % failed": (steady(1.0), [session([None] * 12 + [1.0] * 8)] * 5, "availability"),
    "most failed, in some of the sessions": (
        steady(1.0),
        [session([None] * 20)] * 3 + steady(1.0, sessions=2),
        "availability",
    ),
    "zero": (steady(0.0), steady(0.0), "clock"),
    "zero in one session": (steady(1.0), [session([0.0] * 20), *steady(1.0, sessions=4)], "clock"),
    "zero before": (steady(0.0), steady(5.0), "clock"),
    "half timed out, below all others": (
        steady(1.0),
        [session([0.1] * 10 + [1.0] * 10, [True] * 10 + [False] * 10)] * 5,
        "timed out",
    ),
}


@pytest.mark.parametrize("name", UNDEFINED)
def test_without_a_location_nothing_is_claimed(name: str) -> None:
    """Where a side has no location the answer is inconclusive, has no figures, and says why."""
    before, after, why = UNDEFINED[name]
    result = judged(case(before, after, history=USUAL))
    assert result.answer.verdict is Verdict.INCONCLUSIVE
    assert result.answer.ratio is result.answer.ci_low is result.answer.ci_high is None
    assert why in result.answer.reason
    assert result.probability_over == {}


def test_constants_are_within() -> None:
    """Samples without any scatter are no reason to fail: equal is within, double is degraded."""
    assert answered(case(steady(1.0), steady(1.0))).verdict is Verdict.WITHIN
    assert answered(case(steady(1.0), steady(2.0))).verdict is Verdict.DEGRADED


def test_time_outs_are_neither_dropped_nor_averaged() -> None:
    """A third of the calls timing out leaves the low location where the other calls put it."""
    after = [session([1.0] * 14 + [30.0] * 6, [False] * 14 + [True] * 6)] * 5
    assert answered(case(steady(1.0), after)).ratio == pytest.approx(1.0)


def test_one_session_without_history_claims_only_very_large_changes() -> None:
    """Two bursts of a hundred calls can't tell a doubling from noise, can tell a tenfold one, and say what they are."""
    double, tenfold = (answered(case([session([1.0] * 100)], [session([x] * 100)])) for x in (2.0, 10.0))
    assert double.verdict is Verdict.INCONCLUSIVE
    assert tenfold.verdict is Verdict.DEGRADED
    assert "only very large changes" in double.reason
    assert "only very large changes" in tenfold.reason


def test_one_session_without_history_is_never_within() -> None:
    """A single session a side can't show that nothing changed."""
    assert answered(case([session([1.0] * 100)], [session([1.0] * 100)])).verdict is Verdict.INCONCLUSIVE


def test_without_history_the_assumed_scatter_is_said() -> None:
    """The prior of the spacing is used, bursts the wider one, and the reason names it."""
    spread = answered(case(steady(1.0), steady(1.4)))
    burst = answered(case(steady(1.0), steady(1.4), spacing=Spacing.BURST))
    assert spread.verdict is Verdict.DEGRADED
    assert burst.verdict is Verdict.INCONCLUSIVE
    assert "15%" in spread.reason
    assert "30%" in burst.reason
    assert "no history" not in answered(case(steady(1.0), steady(1.4), history=USUAL)).reason


def test_the_floor_keeps_small_differences_from_being_degraded() -> None:
    """Five times slower is nothing while the difference is below the floor, and degraded once it is above."""
    below = answered(case(steady(0.0001), steady(0.0005), history=QUIET, floor=0.001))
    above = answered(case(steady(0.0001), steady(0.0012), history=QUIET, floor=0.001))
    assert below.verdict is Verdict.WITHIN
    assert above.verdict is Verdict.DEGRADED


def test_a_difference_that_may_reach_the_floor_is_not_within() -> None:
    """Below the floor but with an interval that passes it: nothing is claimed."""
    assert answered(case(steady(0.001), steady(0.0019), history=USUAL, floor=0.001)).verdict is Verdict.INCONCLUSIVE


def test_a_later_look_spends_less_error() -> None:
    """What one planned look calls degraded is not yet so at a look that shares the error with two others."""
    history = lying_at(math.exp(0.2 * (-1) ** i) for i in range(12))
    one = case(steady(1.0), steady(1.38), history=history)
    assert answered(one).verdict is Verdict.DEGRADED
    shared = answered(one, Look.FIRST)
    assert (shared.verdict, shared.suspected) == (Verdict.INCONCLUSIVE, False)


def test_the_looks_share_out_the_error_of_one() -> None:
    """The errors of the three looks at 5, 8 and 12 sessions sum to that of the only look."""
    looks = (Look.FIRST, Look.SECOND, Look.LAST)
    assert [look.sessions for look in looks] == [5, 8, 12]
    assert sum(look.error for look in looks) == pytest.approx(Look.ONLY.error)


def test_the_sessions_asked_for_would_decide() -> None:
    """An undecided answer asks for k' = ⌈2 s² / ((log(r1/r0) / 2.49)² − 0.04²)⌉ − k more sessions."""
    asked = answered(case(steady(1.0, 3), steady(1.3, 3), history=USUAL)).more_sessions
    assert asked is not None
    scatter = statistics.stdev(math.log(one.values[0]) for one in USUAL)
    variance = 6 * scatter**2 / 10
    needed = math.ceil(2 * variance / ((math.log(1.12 * 1.25 / 1.25**0.65) / 2.49) ** 2 - 0.04**2))
    assert asked == needed - 3


def test_a_decided_answer_asks_for_no_sessions() -> None:
    """Nobody is sent to take sessions that are not needed."""
    assert answered(case(steady(1.0), steady(1.0), history=QUIET)).more_sessions == 0


def test_what_a_capture_can_not_decide_is_to_be_interleaved() -> None:
    """Where it would take more sessions than the last look has, the reason names the other way."""
    near, far = (answered(case(steady(1.0), steady(m * 0.98), tolerance=m, history=USUAL)) for m in (1.25, 1.05))
    assert near.verdict is far.verdict is Verdict.INCONCLUSIVE
    assert "interleave" not in near.reason
    assert "interleave" in far.reason


@given(st.floats(1.0001, 10))
def test_every_tolerance_has_a_number_of_sessions(tolerance: float) -> None:
    """r0 and r1 are always further apart than what stays between two captures, so the number is finite."""
    more = answered(case(steady(1.0), steady(0.99 * tolerance), tolerance=tolerance, history=USUAL)).more_sessions
    assert more is not None
    assert more >= 1


def test_a_large_family_corrects_and_suspects() -> None:
    """What the plain gate calls degraded in a small family is suspected and inconclusive among a hundred."""
    noisy = lying_at(math.exp(0.2 * (-1) ** i) for i in range(12))
    slower, same = case(steady(1.0), steady(1.38), history=noisy), case(steady(1.0), steady(1.0), history=noisy)
    small, large = judge_typical([slower] + [same] * 19)[0].answer, judge_typical([slower] + [same] * 99)[0].answer
    assert (small.verdict, small.suspected) == (Verdict.DEGRADED, False)
    assert (large.verdict, large.suspected) == (Verdict.INCONCLUSIVE, True)
    assert "suspected" in large.reason


def test_a_family_without_history_corrects_and_suspects() -> None:
    """Without a history even a small family is corrected."""
    slower, same = case(steady(1.0), steady(1.35)), case(steady(1.0), steady(1.0))
    alone, among = answered(slower), judge_typical([slower] + [same] * 9)[0].answer
    assert (alone.verdict, alone.suspected) == (Verdict.DEGRADED, False)
    assert (among.verdict, among.suspected) == (Verdict.INCONCLUSIVE, True)


def test_an_improvement_is_corrected_for_the_family() -> None:
    """Holm's correction keeps a doubtful improvement among many from being claimed."""
    faster, same = case(steady(1.0), steady(0.80), history=USUAL), case(steady(1.0), steady(1.0), history=USUAL)
    assert answered(faster).verdict is Verdict.IMPROVED
    assert judge_typical([faster] + [same] * 14)[0].answer.verdict is not Verdict.IMPROVED


def test_the_level_is_the_after_sides_own() -> None:
    """The level lies in the unit of the samples, inside its interval, and needs no before side."""
    level = judged(case([], steady(0.250), history=USUAL)).level
    assert level is not None
    assert level.value == pytest.approx(0.250)
    assert level.low < 0.250 < level.high


@pytest.mark.parametrize("after", [[], steady(0.0), [session([None] * 12 + [1.0] * 8)] * 5])
def test_a_side_that_lies_nowhere_has_no_level(after: list[Samples]) -> None:
    """No limit is held against a side without calls, at zero, or with most of its calls unanswered."""
    assert judged(case(steady(1.0), after)).level is None


def test_a_side_without_calls_asks_for_sessions() -> None:
    """Sessions decide where there is none yet; where the clock is too coarse they never will."""
    assert answered(case(steady(1.0), [])).more_sessions == 7
    assert answered(case(steady(0.0), steady(0.0))).more_sessions is None


def test_rollback_probabilities_come_from_the_same_distribution() -> None:
    """At a ratio of 1.25 the probability to be over 1.25 is a half, and that over 1.40 is less."""
    over = judged(case(steady(1.0), steady(1.25), history=USUAL)).probability_over
    assert over[1.25] == pytest.approx(0.5)
    assert over[1.40] < over[1.25]


def test_no_family_no_answer() -> None:
    """An empty family is answered with nothing."""
    assert judge_typical([]) == []


@given(st.integers(0, 2**32), st.floats(1e-6, 1e6), st.floats(0.5, 3.0))
@settings(max_examples=40)
def test_the_unit_does_not_matter(seed: int, unit: float, factor: float) -> None:
    """The same samples in another unit have the same verdict, ratio and interval."""
    rng = np.random.default_rng(seed)
    one = case(drawn(rng), scaled(drawn(rng), factor), history=drawn(rng, sessions=8))
    other = case(scaled(one.before, unit), scaled(one.after, unit), history=scaled(one.history, unit))
    assert _figures(answered(other)) == pytest.approx(_figures(answered(one)))


@given(st.integers(0, 2**32), st.floats(0.5, 3.0))
@settings(max_examples=40)
def test_swapping_the_sides_inverts_the_ratio(seed: int, factor: float) -> None:
    """After against before is before against after the other way round, interval and all."""
    rng = np.random.default_rng(seed)
    there = answered(case(drawn(rng), scaled(drawn(rng), factor)))
    rng = np.random.default_rng(seed)
    first, second = drawn(rng), scaled(drawn(rng), factor)
    back = answered(case(second, first))
    ratio, low, high = _figures(there)
    assert _figures(back) == pytest.approx((1 / ratio, 1 / high, 1 / low))


@given(st.lists(st.floats(-0.2, 0.2), min_size=5, max_size=5), st.floats(0.5, 3.0), st.floats(1.0, 5.0))
def test_more_noise_never_makes_a_verdict_surer(noise: list[float], factor: float, louder: float) -> None:
    """Where sessions that scatter more decide, the same with less scatter decide alike, or find an improvement."""
    centred = [one - statistics.fmean(noise) for one in noise]
    quiet, loud = (
        answered(
            case(
                lying_at(math.exp(k * z) for z in centred),
                lying_at(factor * math.exp(k * z) for z in centred),
                history=USUAL,
            )
        )
        for k in (1.0, louder)
    )
    weaker = {Verdict.IMPROVED: {Verdict.WITHIN}}.get(quiet.verdict, set())
    assert loud.verdict in {quiet.verdict, Verdict.INCONCLUSIVE} | weaker


@given(st.integers(0, 2**32), st.floats(0.5, 3.0))
@settings(max_examples=40)
def test_a_wider_tolerance_never_makes_a_series_degraded(seed: int, factor: float) -> None:
    """Degraded at 50 % tolerance is degraded at 25 %."""
    rng = np.random.default_rng(seed)
    one = case(drawn(rng), scaled(drawn(rng), factor), 1.5, history=drawn(rng, sessions=8))
    if answered(one).verdict is Verdict.DEGRADED:
        assert answered(replace(one, tolerance=1.25)).verdict is Verdict.DEGRADED


@given(st.integers(0, 2**32))
@settings(max_examples=20)
def test_neither_order_matters(seed: int) -> None:
    """Sessions and series may come in any order."""
    rng = np.random.default_rng(seed)
    family = [case(drawn(rng), scaled(drawn(rng), f), history=drawn(rng, sessions=8)) for f in (1.0, 1.3, 2.0)]
    turned = [replace(one, before=one.before[::-1], after=one.after[::-1]) for one in reversed(family)]
    answers, back = judge_typical(family), judge_typical(turned)[::-1]
    assert [one.answer.verdict for one in answers] == [one.answer.verdict for one in back]


def _figures(answer: Answer) -> tuple[float, float, float]:
    assert answer.ratio is not None
    assert answer.ci_low is not None
    assert answer.ci_high is not None
    return answer.ratio, answer.ci_low, answer.ci_high
