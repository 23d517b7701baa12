"""When everything moved alike, and when it only looks so."""

from dataclasses import replace

import numpy as np
import pytest

from baselines.case import Case
from baselines.common_mode import CommonCause, Move, common_mode
from baselines.samples import Samples
from baselines.typical import judge_typical
from tests.baselines.sessions import Recorded, scaled


def moved(*ratios: float) -> list[Move]:
    """Unrelated series with those ratios."""
    return [Move(series=f"a.s{number}x", ratio=ratio, is_control=False) for number, ratio in enumerate(ratios)]


def control(ratio: float) -> Move:
    """A control with that ratio."""
    return Move(series="reachability.select_1", ratio=ratio, is_control=True)


def test_what_most_series_did_is_told_with_its_median_and_count() -> None:
    """Four of five about 1.2 times slower: everything is, whatever the fifth did."""
    found = common_mode(moved(1.18, 1.20, 1.22, 1.25, 3.0))
    assert found is not None
    assert (found.moved, found.series) == (4, 5)
    assert found.ratio == pytest.approx(1.22)


def test_everything_may_be_faster() -> None:
    """The same the other way."""
    found = common_mode(moved(0.7, 0.72, 0.75, 0.68, 1.0))
    assert found is not None
    assert found.ratio == pytest.approx(0.72)


@pytest.mark.parametrize(
    "moves",
    [
        pytest.param(moved(1.0, 1.0, 1.0, 1.0, 1.0, 3.0), id="one series is slower"),
        pytest.param(moved(1.05, 1.06, 1.05, 1.04, 1.05), id="hardly at all"),
        pytest.param(moved(1.5, 1.5, 1.5, 1.0, 1.0, 1.0), id="half of the series"),
        pytest.param(moved(1.2, 1.8, 3.5, 0.9, 7.0), id="each in its own way"),
        pytest.param(moved(1.3, 1.3, 1.3, 1.3), id="too few series"),
        pytest.param([], id="nothing"),
    ],
)
def test_no_common_mode(moves: list[Move]) -> None:
    """No headline where there is no "everything", or no "alike"."""
    assert common_mode(moves) is None


def test_steps_of_a_journey_are_no_further_witnesses() -> None:
    """A series and its parts count once, however they are joined."""
    journey = ["a.order", "a.order_login", "a.order_pay", "a.order.database", "b.report"]
    assert common_mode([Move(series=name, ratio=1.3, is_control=False) for name in journey]) is None


@pytest.mark.parametrize(
    ("controls", "cause"),
    [
        ([], CommonCause.UNKNOWN),
        ([control(1.28)], CommonCause.HOST),
        ([control(1.03)], CommonCause.DEPLOYMENT),
        ([control(0.8)], CommonCause.DEPLOYMENT),
        ([control(1.3), control(1.25), control(1.0)], CommonCause.HOST),
    ],
)
def test_controls_tell_the_host_from_the_deployment(controls: list[Move], cause: CommonCause) -> None:
    """Controls that moved too say host, controls that stayed say deployment; they are not counted themselves."""
    found = common_mode([*moved(1.3, 1.3, 1.3, 1.3, 1.3), *controls])
    assert found is not None
    assert (found.cause, found.series) == (cause, 5)


@pytest.mark.parametrize(("factor", "at_least", "at_most"), [(1.0, 0.0, 0.02), (1.5, 0.9, 1.0)])
def test_recorded_series_that_moved_each_by_itself_have_none(factor: float, at_least: float, at_most: float) -> None:
    """Series taken at moments of their own share no load: nothing in common, until all of them become slower."""
    rng = np.random.default_rng(7)
    recorded = Recorded.load().spread
    fired = sum(common_mode(ratios_of(recorded_family(recorded, factor, rng))) is not None for _ in range(100))
    assert at_least <= fired / 100 <= at_most


def test_one_slow_series_is_not_everything() -> None:
    """One of fifteen recorded series made three times slower is no common mode."""
    rng = np.random.default_rng(7)
    recorded = Recorded.load().spread
    families = [recorded_family(recorded, 1.0, rng) for _ in range(50)]
    slow = [[replace(one[0], after=scaled(one[0].after, 3.0)), *one[1:]] for one in families]
    assert sum(common_mode(ratios_of(family)) is not None for family in slow) <= 1


def recorded_family(recorded: dict[str, list[Samples]], factor: float, rng: np.random.Generator) -> list[Case]:
    """Every recorded series, five sessions a side, drawn for each of them anew; the later ones multiplied."""
    cases = []
    for name, sessions in recorded.items():
        drawn = rng.permutation(len(sessions))[:10]
        before, after = ([sessions[i] for i in side] for side in (drawn[:5], drawn[5:]))
        cases.append(Case(metric=name, before=before, after=scaled(after, factor), tolerance=1.25, history=sessions))
    return cases


def ratios_of(cases: list[Case]) -> list[Move]:
    """How each series moved."""
    answers = zip(cases, judge_typical(cases), strict=True)
    return [
        Move(series=f"recorded.{case.metric}x", ratio=one.answer.ratio, is_control=False)
        for case, one in answers
        if one.answer.ratio is not None
    ]
