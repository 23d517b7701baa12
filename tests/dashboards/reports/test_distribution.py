"""The overlaid distributions."""

import re

import pytest

from baselines.samples import Samples
from baselines.series import Series
from dashboards.reports.distribution import HEIGHT, MOST_POINTS, WIDTH, distribution

SERIES = Series("a.b")


def end(path: str) -> float:
    """Where the curve ends, as the share of all calls."""
    return 1 - float(re.findall(r"V([\d.]+)", path)[-1]) / HEIGHT


def test_calls_that_never_answered_keep_the_curve_below_the_top() -> None:
    """A failure and a time-out of ten calls: the curve ends at 80 %, not at 100."""
    after = [Samples.of([*[0.1] * 8, None, 30.0], [*[False] * 9, True])]
    drawn = distribution(SERIES, [Samples.of([0.1, 0.2])], after)
    assert drawn is not None
    assert end(drawn.before) == 1.0
    assert end(drawn.after) == pytest.approx(0.8)
    assert "before 100 %, after 80 %" in drawn.label


def test_a_side_without_any_answer_is_not_drawn() -> None:
    """Nothing answered, nothing measured, only zeros: there is no curve, and no error."""
    answered = [Samples.of([0.1])]
    assert distribution(SERIES, answered, []) is None
    assert distribution(SERIES, answered, [Samples.of([None])]) is None
    assert distribution(SERIES, [Samples.of([0.0])], [Samples.of([0.0])]) is None


def test_a_long_capture_makes_no_long_path() -> None:
    """Many samples are drawn with as many steps as can be told apart, up to the last one."""
    values = [0.001 * (1 + number) for number in range(20_000)]
    drawn = distribution(SERIES, [Samples.of(values)], [Samples.of(values)])
    assert drawn is not None
    assert drawn.before.count("V") == MOST_POINTS
    assert end(drawn.before) == 1.0
    assert all(0 <= float(x) <= WIDTH for x in re.findall(r"H([\d.]+)", drawn.before))
