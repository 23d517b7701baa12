"""The calls of a load run as figures: none is left out, and one burst is one observation."""

import math

import numpy as np
import pytest

from baselines.load import BURST_SD, LoadCall, StageTimes, StepTimes, ratio_of_medians, together
from baselines.measurement import Outcome
from tests.baselines.sessions import lying_at, session, steady


def call(
    seconds: float | None, at: float, outcome: Outcome = Outcome.OK, *, late: float = 0.0, cut_off: bool = False
) -> LoadCall:
    """One call of a step, which began at that second."""
    return LoadCall(
        step="page",
        user=1,
        intended=at - late,
        started=at,
        ended=at + (seconds or 0.0),
        outcome=outcome,
        seconds=seconds,
        cut_off=cut_off,
    )


def test_a_call_that_hung_stands_in_the_percentiles() -> None:
    """As at least the time waited; it is counted as not answered, and so is one that failed."""
    made = [call(0.1, at) for at in range(17)] + [call(10.0, 18, Outcome.TIMEOUT)] * 3 + [call(None, 19, Outcome.ERROR)]
    times = StepTimes.of("page", made, ramp=0.0, until=20.0)
    assert (times.calls, times.failed, times.timed_out, times.unanswered) == (21, 1, 3, 4)
    assert (times.median, times.p95, times.maximum) == (0.1, 10.0, 10.0)
    assert times.is_at_least(10.0)
    assert not times.is_at_least(0.1)


def test_lateness_is_shown_and_counted_in() -> None:
    """Calls that began half a second after they were due took that longer for whoever waited."""
    times = StepTimes.of("page", [call(0.1, at, late=0.5) for at in range(1, 20)], ramp=0.0, until=20.0)
    assert times.latest == pytest.approx(0.5)
    assert times.p95 == pytest.approx(0.1)
    assert times.since_due == pytest.approx(0.6)


def test_throughput_begins_when_all_users_are_there() -> None:
    """Right answers of the ten seconds after the ramp; what came later than the end counts as a call only."""
    made = [call(0.0, at / 2) for at in range(40)] + [call(0.1, 19.95), call(None, 15, Outcome.ERROR)]
    times = StepTimes.of("page", made, ramp=10.0, until=20.0)
    assert times.per_second == pytest.approx(2.0)
    assert times.calls == 42


def test_what_was_cut_off_is_counted_apart() -> None:
    """It says nothing of how long a call takes, and is no failure."""
    times = StepTimes.of("page", [call(0.1, 1), call(3.0, 2, Outcome.TIMEOUT, cut_off=True)], ramp=0.0, until=5.0)
    assert (times.calls, times.timed_out, times.cut_off, times.maximum) == (1, 0, 1, 0.1)


def test_a_stage_shows_a_step_nobody_came_to() -> None:
    """With no call and no figure, and nothing of it in the sums."""
    stage = StageTimes.of("load", 1, [call(0.1, 1)], ["page", "other"], ramp=0.0, seconds=5.0)
    assert [one.calls for one in stage.steps] == [1, 0]
    assert stage.steps[1].median is None
    assert (stage.calls, stage.failed, stage.answered) == (1, 0, 1)


def test_the_interval_of_the_p95_widens_with_calls_that_come_in_clumps() -> None:
    """One slow call in ten, evenly or all in one slice of time: the second is known much worse."""
    even = [call(1 + at / 1000 if at % 10 == 9 else 0.1, at / 10) for at in range(200)]
    clumped = [call(1 + at / 1000 if at < 20 else 0.1, at / 10) for at in range(200)]
    low, high = StepTimes.of("page", even, ramp=0.0, until=20.0).p95_interval or (0.0, 0.0)
    assert 1.0 < low < high
    low, high = StepTimes.of("page", clumped, ramp=0.0, until=20.0).p95_interval or (0.0, 0.0)
    assert low == 0.1


def test_one_run_is_one_burst() -> None:
    """However many calls, the interval of its ratio to a baseline of five sessions reaches to double and half."""
    rng = np.random.default_rng(1)
    run = [session(0.1 * np.exp(0.1 * rng.standard_normal(100))) for _ in range(10)]
    ratio = ratio_of_medians(lying_at([0.098, 0.1, 0.101, 0.099, 0.102]), [together(run)], BURST_SD)
    assert ratio is not None
    assert ratio.value == pytest.approx(1.0, rel=0.05)
    assert 0.4 < ratio.low < 0.62
    assert 1.6 < ratio.high < 2.5


def test_slices_that_scatter_make_the_interval_wide() -> None:
    """Between the same means, restless slices say less than steady ones."""
    calm = ratio_of_medians(steady(0.1, 10), lying_at([0.2] * 10), 0.15)
    restless = ratio_of_medians(steady(0.1, 10), lying_at([0.05, 0.8] * 5), 0.15)
    assert calm is not None
    assert restless is not None
    assert calm.value == restless.value == pytest.approx(2.0)
    assert math.log(restless.high / restless.low) > 2 * math.log(calm.high / calm.low)
    assert calm.seconds == pytest.approx(0.1)


def test_without_an_answer_there_is_no_ratio() -> None:
    """On either side."""
    assert ratio_of_medians(steady(0.1), [session([None] * 10)], BURST_SD) is None
    assert ratio_of_medians([], steady(0.1), BURST_SD) is None
    assert len(together([])) == 0
