"""What was counted within the last while."""

from itertools import pairwise

from probes.metrics.window import Step, Window


def windows(seconds: float, times: list[float]) -> list[tuple[float, float]]:
    """Beginning and count of the window after each step, one event having been counted in each of them."""
    window = Window(seconds)
    steps = [window.add(Step(since, until, {"all": 1.0})) for since, until in pairwise(times)]
    return [(step.since, step.counted["all"]) for step in steps]


def test_without_a_length_it_is_the_latest_step() -> None:
    """Each step stands alone."""
    assert windows(0, [0, 30, 60, 75]) == [(0, 1), (30, 1), (60, 1)]


def test_it_grows_to_its_length_and_moves_on() -> None:
    """Steps come in until the window is full; then the oldest goes. Looks that are never on time do not change that."""
    assert windows(60, [0, 30, 60.2, 89.9, 120.1]) == [(0, 1), (0, 2), (30, 2), (60.2, 2)]


def test_a_step_longer_than_the_window_stands_alone() -> None:
    """A pause in the looks is not taken for the time before it."""
    assert windows(60, [0, 30, 200]) == [(0, 1), (30, 1)]
