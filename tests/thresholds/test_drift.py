"""What the watching says to people."""

import math

import pytest

from baselines import Series, Unit
from tests.clocks import START
from thresholds import Finding, Level, Rule, drift_finding, load_routing

SERIES = Series("database_queries.a")


def said(ratio: float | None, *, degraded: bool = False, series: Series = SERIES, tolerance: float = 1.25) -> Finding:
    """The finding of a series."""
    return drift_finding(series, load_routing(), degraded=degraded, ratio=ratio, tolerance=tolerance, since=START)


@pytest.mark.parametrize(
    ("ratio", "degraded", "level", "summary"),
    [
        (1.6789, True, Level.WARNING, "has become 1.68 times slower than its reference (tolerance 1.25)"),
        (math.inf, True, Level.WARNING, "does not answer in time any more (tolerance 1.25)"),
        (1.0234, False, Level.OK, "takes 1.02 times what it took in its reference (tolerance 1.25)"),
        (None, False, Level.OK, "is as it was when its reference was taken (tolerance 1.25)"),
    ],
)
def test_a_sentence_and_a_level(ratio: float | None, degraded: bool, level: Level, summary: str) -> None:
    """A degraded series is a warning, never critical, and everything else is ok."""
    finding = said(ratio, degraded=degraded)
    assert finding.level is level
    assert finding.summary == f"database_queries.a {summary}"


@pytest.mark.parametrize(("ratio", "value"), [(1.6, 1.6), (math.inf, None), (None, None)])
def test_the_figures_are_ratios(ratio: float | None, value: float | None) -> None:
    """The last fifteen calls against the tolerance; what is infinite is no figure."""
    finding = said(ratio, degraded=True, tolerance=1.5)
    assert (finding.value, finding.limit, finding.unit, finding.since) == (value, 1.5, Unit.RATIO, START)


def test_it_is_the_alert_of_the_baseline_rule() -> None:
    """One alert a series, whoever found out: the comparison with a baseline, or the watching; and the same people."""
    finding = said(2.0, degraded=True)
    assert finding.rule is Rule.BASELINE
    assert finding.fingerprint == "database_queries.a:baseline"
    assert finding.route == load_routing().route_of(SERIES, Rule.BASELINE)


def test_the_route_is_that_of_the_series() -> None:
    """A route the user gave goes before the shipped one."""
    assert said(2.0, series=Series("database_queries.a", route="api_performance")).route == "api_performance"
