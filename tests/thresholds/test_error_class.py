"""The customer's classes: what is which, what is told of it, and what a user may write."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from thresholds import Level, load_routing
from thresholds.error_class import ErrorClassOverride, load_error_classes

NOW = datetime(2026, 3, 2, 14, tzinfo=UTC)
CLASSES = load_error_classes()


@pytest.mark.parametrize(
    ("message", "error_class"),
    [
        ("Database connection pool timeout", "database_connectivity"),
        ("JSON schema validation has failed", "data_validation"),
        ("Permission to read was denied", "authorization"),
        ("permission denied for table accounts", "authorization"),
        ("Database connection refused", "unclassified"),
        ("timeout of the Database connection", "unclassified"),
        ("", "unclassified"),
    ],
)
def test_the_first_pattern_that_is_found_decides(message: str, error_class: str) -> None:
    """Both ways: what matches, and what only looks like it."""
    assert CLASSES.class_of("Error", message) == error_class


def test_levels_actions_and_routes_are_the_customers() -> None:
    """As the table says; every route is an alert category that there is."""
    told = {name: (str(one.level), one.action) for name, one in CLASSES.classes.items()}
    assert told == {
        "database_connectivity": ("critical", "restart_db_connection_pool"),
        "data_validation": ("warning", "log_validation_details"),
        "authorization": ("critical", "alert_security_team"),
    }
    assert {one.route for one in CLASSES.classes.values()} <= load_routing().alert_categories
    tiers = {name: load_routing().tier_of(one.route, one.level).name for name, one in CLASSES.classes.items()}
    assert tiers == {
        "database_connectivity": "tier_3_critical",
        "data_validation": "tier_2_warning",
        "authorization": "tier_4_emergency",
    }


def test_a_class_ends_when_none_came_for_15_minutes() -> None:
    """Until then it stands at its level with its action."""
    open_ = CLASSES.finding("authorization", 2, NOW - timedelta(minutes=14, seconds=59), NOW)
    assert (open_.series, open_.level, open_.action, open_.value) == (
        "errors.authorization",
        Level.CRITICAL,
        "alert_security_team",
        2.0,
    )
    assert CLASSES.finding("authorization", 2, NOW - timedelta(minutes=15), NOW).level is Level.OK
    assert CLASSES.finding("authorization", 0, None, NOW).level is Level.OK


def test_what_a_user_says_differently_stands_and_new_classes_are_asked_first() -> None:
    """A part of a shipped class may differ; a new one needs all."""
    mine = CLASSES.overridden(
        {
            "authorization": ErrorClassOverride(level=Level.WARNING),
            "payments": ErrorClassOverride(pattern="Permission.*pay", level=Level.CRITICAL, route="features"),
        }
    )
    assert mine.classes["authorization"].level is Level.WARNING
    assert mine.classes["authorization"].action == "alert_security_team"
    assert mine.class_of("E", "Permission to pay denied") == "payments"
    with pytest.raises(ValidationError, match="level"):
        CLASSES.overridden({"payments": ErrorClassOverride(pattern="x")})
    with pytest.raises(ValidationError, match="can't be the name"):
        CLASSES.overridden({"A b": ErrorClassOverride(pattern="x", level=Level.WARNING, route="features")})


@pytest.mark.parametrize("pattern", ["(a", r"(a)\1", "(?=a)", "a{1000}{1000}", ""])
def test_a_pattern_that_re2_does_not_take_is_a_mistake(pattern: str) -> None:
    """Unbalanced, back references, look-around, or too large."""
    with pytest.raises(ValidationError):
        ErrorClassOverride(pattern=pattern)


def test_no_pattern_takes_long() -> None:
    """One over which others think for years is done in no time."""
    mine = CLASSES.overridden(
        {"slow": ErrorClassOverride(pattern="(a+)+(b|c|a?)*$x", level=Level.WARNING, route="features")}
    )
    started = time.process_time()
    assert mine.class_of("Error", "a" * 60_000) == "unclassified"
    assert time.process_time() - started < 0.25
