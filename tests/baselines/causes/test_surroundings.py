"""Causes that no single series has for itself."""

from dataclasses import replace

import pytest

from baselines import Baseline, Series, SeriesComparison
from baselines.causes.surroundings import everything_slower, host_busier, is_of_the_host
from tests.baselines.causes.made import side, sides, slower
from tests.thresholds.comparisons import compared

CPU = "system_resources.cpu_usage"
CALM = side(levels={CPU: [0.3, 0.4, 0.35, 0.3]}, host_load=0.2)


def control(ratio: float) -> SeriesComparison:
    """What no deployment can change."""
    return compared("database_queries.one", ratio=ratio, series=Series("database_queries.one", is_control=True))


def others(ratio: float, number: int = 6) -> list[SeriesComparison]:
    """Series of the portal that moved alike."""
    return [compared(f"api_endpoints.e{each}", ratio=ratio) for each in range(number)]


@pytest.mark.parametrize(
    ("busy", "told"),
    [
        pytest.param(side(levels={CPU: [0.9, 0.95, 1.0, 0.97]}), "processors are 96% busy instead of 32%", id="cpu"),
        pytest.param(side(host_load=1.4), "load per processor is 1.40 instead of 0.20", id="load"),
    ],
)
def test_a_busier_host_that_is_felt_is_a_cause(busy: Baseline, told: str) -> None:
    """By its processors, else by its load; the controls moved, or half of the other series did."""
    for felt in ([control(1.5)], others(1.6)):
        found = host_busier(sides(CALM, busy, others=felt))
        assert found is not None
        assert told in found.summary


@pytest.mark.parametrize("felt", [[control(1.0), *others(1.6)], others(1.0)])
def test_a_busier_host_that_nothing_else_felt_is_no_cause(felt: list[SeriesComparison]) -> None:
    """The controls stayed; without any, most of the other series did."""
    assert host_busier(sides(CALM, side(host_load=1.4), others=felt)) is None


def test_a_host_as_busy_as_before_is_no_cause() -> None:
    """However much everything moved."""
    assert host_busier(sides(CALM, CALM, others=others(2.0))) is None


@pytest.mark.parametrize(("ratio", "slowdown", "host"), [(1.5, 1.6, True), (1.0, 1.6, False), (1.5, 20.0, False)])
def test_controls_speak_for_the_host_where_they_moved_as_far(ratio: float, slowdown: float, host: bool) -> None:
    """Half as slow again does not make a query twenty times slower."""
    assert is_of_the_host(sides(CALM, CALM, one=slower(slowdown), others=[control(ratio)])) is host
    assert not is_of_the_host(sides(CALM, CALM, one=slower(slowdown)))


def test_everything_slower_alike_is_told_with_its_factor() -> None:
    """Seven series at 1.5, and what the controls did; faster alike explains no slow-down."""
    found = everything_slower(sides(CALM, CALM, one=slower(1.5), others=[*others(1.5), control(1.0)]))
    assert found is not None
    assert found.summary == "everything is 1.50 times slower: 7 of 7 series moved alike, but not the controls"
    faster = [replace(one) for one in others(0.6)]
    assert everything_slower(sides(CALM, CALM, one=slower(1.5), others=faster)) is None
