"""Causes in the parts of a request."""

from dataclasses import replace

import pytest

from baselines.causes.request import phase_moved
from baselines.causes.sides import Sides
from baselines.evidence import Evidence
from tests.baselines.causes.made import side, sides, slower
from tests.thresholds.comparisons import side as figures


def moved(before: dict[str, float], after: dict[str, float]) -> Sides:
    """A request of 20 ms that takes 80 ms, with these phases."""
    one = replace(slower(), before=replace(figures(), median=0.02), after=replace(figures(), median=0.08))
    return sides(side(Evidence(phases=before)), side(Evidence(phases=after)), one=one)


@pytest.mark.parametrize(
    ("name", "words"), [("first_byte", "waiting for the first byte"), ("transfer", "transferring the answer")]
)
def test_the_phase_that_holds_the_difference_is_named(name: str, words: str) -> None:
    """With its times and its part of the difference, and all phases below."""
    before = {"send": 0.0001, "first_byte": 0.01, "transfer": 0.01}
    found = phase_moved(moved(before, {**before, name: 0.07}))
    assert found is not None
    assert found.summary == f"{words} takes 70 ms instead of 10 ms, 100% of the difference"
    assert len(found.details) == 3


@pytest.mark.parametrize(
    "after",
    [
        pytest.param({"send": 0.02, "first_byte": 0.03, "transfer": 0.03}, id="no phase holds most of it"),
        pytest.param({"send": 0.0, "first_byte": 0.012, "transfer": 0.01}, id="hardly any"),
        pytest.param({}, id="none known"),
    ],
)
def test_a_difference_that_no_phase_holds_has_none(after: dict[str, float]) -> None:
    """All of them a little, or none."""
    assert phase_moved(moved({"send": 0.0, "first_byte": 0.01, "transfer": 0.01}, after)) is None
