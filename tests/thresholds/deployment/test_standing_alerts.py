"""The customer's standing alerts: what is bad is told, what is well too, and what is not known not at all."""

import pytest

from tests.thresholds.comparisons import NOON
from thresholds.deployment.fact import Fact
from thresholds.deployment.standing_alerts import ROUTE, load_standing_alerts
from thresholds.finding import Level

ALERTS = load_standing_alerts()
LIMITS = {
    "failed_operations_lately": (1, Level.CRITICAL, "deployment.failed_operations"),
    "benchmarks_outside_tolerance": (1, Level.WARNING, "deployment.benchmarks"),
    "constraint_errors_lately": (1, Level.WARNING, "deployment.constraint_errors"),
    "active_connections": (21, Level.WARNING, "deployment.active_connections"),
}


def told(**facts: float | None) -> dict[str, Level]:
    known = {name: Fact(value, "" if value is not None else "no right") for name, value in facts.items()}
    return {one.series: one.level for one in ALERTS.findings(known, NOON)}


@pytest.mark.parametrize("fact", LIMITS)
def test_each_at_its_limit(fact: str) -> None:
    """The first figure that is too many is told at the customer's level; the last that is not is well."""
    first, level, series = LIMITS[fact]
    assert told(**{fact: first}) == {series: level}
    assert told(**{fact: first - 1}) == {series: Level.OK}


def test_what_is_not_known_is_neither_good_nor_bad() -> None:
    """Neither what was not read nor what could not be read."""
    assert told() == {}
    assert told(**dict.fromkeys(LIMITS)) == {}


def test_all_of_them_can_be_told_to_be_over() -> None:
    """Their names are those of their findings, which name the figure, go the deployment's way and say since when."""
    facts = {name: Fact(float(first)) for name, (first, _, _) in LIMITS.items()}
    found = list(ALERTS.findings(facts, NOON))
    assert [one.series for one in found] == ALERTS.series()
    assert {one.route for one in found} == {ROUTE}
    assert {one.since for one in found} == {NOON}
    assert found[3].summary == "at most 20 work on the database: 21, at most 20"


def test_the_questions_are_asked_within_the_customers_hours() -> None:
    """24 h for failures, 6 h for benchmarks, 12 h for constraints."""
    asked = ALERTS.wanted().questions
    assert {name: next(h for h in ("24", "12", "6") if f"'{h} hours'" in sql) for name, sql in asked.items()} == {
        "failed_operations_lately": "24",
        "benchmarks_outside_tolerance": "6",
        "constraint_errors_lately": "12",
    }
