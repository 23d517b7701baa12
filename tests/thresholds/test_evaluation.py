"""One measurement against its limits."""

import pytest

from baselines.measurement import Measurement, Outcome, Reason
from baselines.series import Direction, Series, Unit
from tests.thresholds.comparisons import NOON
from thresholds import Finding, Level, Rule, evaluate, load_matrix, load_routing

QUERY = Series("database_queries.client_groups_list")
RATE = Series("information_items.creation_success_rate", Unit.RATIO, Direction.FLOOR)
MEMORY = Series("system_resources.memory_usage", Unit.RATIO)
USERS = Series("portal_usage.concurrent_users", Unit.COUNT)
SHIFT = Series("web_vitals.cumulative_layout_shift", Unit.RATIO)


def measured(series: Series, value: float, delay: float = 0.0) -> Measurement:
    return Measurement(
        series=series.name,
        intended_at=NOON,
        started_at=NOON,
        outcome=Outcome.OK,
        value=value,
        prober_delay_seconds=delay,
    )


def failed(series: Series, outcome: Outcome, reason: Reason, value: float | None = None) -> Measurement:
    return Measurement(
        series=series.name, intended_at=NOON, started_at=NOON, outcome=outcome, reason=reason, value=value
    )


def findings(series: Series, measurement: Measurement) -> dict[Rule, Finding]:
    limits = load_matrix().limits_of(series)
    return {one.rule: one for one in evaluate(series, limits, measurement, load_routing())}


@pytest.mark.parametrize(
    ("series", "value", "rule", "level", "limit", "summary"),
    [
        (QUERY, 0.041, Rule.ABSOLUTE, Level.OK, 0.15, "is 41 ms, within its limit of 150 ms"),
        (QUERY, 0.15, Rule.ABSOLUTE, Level.OK, 0.15, "is 150 ms, within its limit of 150 ms"),
        (QUERY, 0.1501, Rule.ABSOLUTE, Level.WARNING, 0.15, "is 150.1 ms, above its warning limit of 150 ms"),
        (QUERY, 0.3, Rule.ABSOLUTE, Level.WARNING, 0.15, "is 300 ms, above its warning limit of 150 ms"),
        (QUERY, 0.412, Rule.ABSOLUTE, Level.CRITICAL, 0.3, "is 412 ms, above its critical limit of 300 ms"),
        (RATE, 0.98, Rule.FLOOR, Level.OK, 0.98, "is 98 %, within its limit of 98 %"),
        (RATE, 0.97, Rule.FLOOR, Level.WARNING, 0.98, "is 97 %, below its warning limit of 98 %"),
        (USERS, 4, Rule.ABSOLUTE, Level.OK, 4, "is 4, within its limit of 4"),
        (USERS, 5, Rule.ABSOLUTE, Level.WARNING, 4, "is 5, above its warning limit of 4"),
        (SHIFT, 0.3, Rule.ABSOLUTE, Level.CRITICAL, 0.25, "is 0.3, above its critical limit of 0.25"),
    ],
)
def test_absolute(series: Series, value: float, rule: Rule, level: Level, limit: float, summary: str) -> None:
    """The worst broken limit decides; the limit itself is still well; a good value is a finding too."""
    finding = findings(series, measured(series, value))[rule]
    assert (finding.level, finding.value, finding.limit) == (level, value, limit)
    assert finding.summary == f"{series.name} {summary}"
    assert finding.since == NOON


def test_the_action_comes_with_a_broken_limit_only() -> None:
    """Memory over 80 % asks to scale; memory below it asks nothing."""
    assert findings(MEMORY, measured(MEMORY, 0.81))[Rule.ABSOLUTE].action == "scale_resources"
    assert findings(MEMORY, measured(MEMORY, 0.79))[Rule.ABSOLUTE].action is None


def test_a_disturbed_value_is_not_judged() -> None:
    """What the prober made slow itself breaks no limit and keeps none; that the target answered still counts."""
    assert list(findings(QUERY, measured(QUERY, 0.4, delay=0.2))) == [Rule.AVAILABILITY]


def test_a_series_without_limits_has_availability_only() -> None:
    """Nothing is held against a figure that nobody limited."""
    series = Series("our_own.figure")
    assert list(findings(series, measured(series, 99.0))) == [Rule.AVAILABILITY]


@pytest.mark.parametrize(("waited", "level"), [(0.1, None), (0.15, None), (0.2, Level.WARNING), (30.0, Level.CRITICAL)])
def test_a_timeout_is_at_least_this_long(waited: float, level: Level | None) -> None:
    """A time-out can break a limit and never keep one."""
    judged = findings(QUERY, failed(QUERY, Outcome.TIMEOUT, Reason.STATEMENT_TIMEOUT, waited))
    assert judged[Rule.AVAILABILITY].level is Level.CRITICAL
    absolute = judged.get(Rule.ABSOLUTE)
    assert (absolute.level if absolute else None) is level


def test_a_timeout_is_no_share() -> None:
    """The seconds a probe of a percentage waited are not held against a percentage."""
    judged = findings(MEMORY, failed(MEMORY, Outcome.TIMEOUT, Reason.DEADLINE, 30.0))
    assert list(judged) == [Rule.AVAILABILITY]


@pytest.mark.parametrize(
    ("measurement", "level", "summary"),
    [
        (measured(QUERY, 0.04), Level.OK, "answered"),
        (failed(QUERY, Outcome.ERROR, Reason.REFUSED), Level.CRITICAL, "failed (refused)"),
        (
            failed(QUERY, Outcome.FAILED_ASSERTION, Reason.STATUS),
            Level.CRITICAL,
            "answered, but not as it should (status)",
        ),
        (
            failed(QUERY, Outcome.TIMEOUT, Reason.READ_TIMEOUT, 30.0),
            Level.CRITICAL,
            "did not answer within 30 s (read timeout)",
        ),
    ],
)
def test_availability(measurement: Measurement, level: Level, summary: str) -> None:
    """A probe that failed or timed out is critical, any other ok."""
    finding = findings(QUERY, measurement)[Rule.AVAILABILITY]
    assert (finding.level, finding.summary) == (level, f"{QUERY.name} {summary}")


def test_what_we_cancelled_says_nothing() -> None:
    """A statement our own guard cancelled is no outage of the target."""
    assert findings(QUERY, failed(QUERY, Outcome.ERROR, Reason.CANCELLED)) == {}


def test_one_identity_whatever_the_value() -> None:
    """Two values of one series under one rule are one alert."""
    first, second = (findings(QUERY, measured(QUERY, value))[Rule.ABSOLUTE] for value in (0.2, 0.9))
    assert first.fingerprint == second.fingerprint == "database_queries.client_groups_list:absolute"
