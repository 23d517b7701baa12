"""Every figure of the customer's pages, typed from them by hand and in base units, against what is shipped."""

import pytest

from baselines.series import Direction, Series, Unit
from thresholds import (
    Grade,
    Profile,
    load_grades,
    load_matrix,
    load_rollback,
    load_routing,
    load_schedule,
    load_targets,
)

S, R, C = Unit.SECONDS, Unit.RATIO, Unit.COUNT
UP, DOWN = Direction.CEILING, Direction.FLOOR

# series, unit, warning, critical, multiplier, action
CEILINGS: list[tuple[str, Unit, float | None, float | None, float, str | None]] = [
    ("database_queries.client_groups_list", S, 0.150, 0.300, 1.25, "alert_team"),
    ("database_queries.portfolio_summary", S, 0.500, 1.000, 1.5, "alert_team"),
    ("database_queries.client_information_items", S, 0.200, 0.500, 1.25, "alert_team"),
    ("database_queries.anything_else", S, 0.500, None, 1.25, "alert_team"),
    ("api_endpoints.client_groups", S, 0.300, 1.000, 1.25, "alert_team"),
    ("api_endpoints.information_items_crud", S, 0.500, 2.000, 1.5, "alert_team"),
    ("api_endpoints.networth_generation", S, 3.000, 10.000, 2.0, "alert_team"),
    ("api_endpoints.anything_else", S, 1.000, None, 1.25, "alert_team"),
    ("web_vitals.largest_contentful_paint", S, 2.500, 4.000, 1.25, None),
    ("web_vitals.first_input_delay", S, 0.100, 0.300, 1.25, None),
    ("web_vitals.interaction_to_next_paint", S, 0.200, 0.500, 1.25, None),
    ("web_vitals.cumulative_layout_shift", C, 0.1, 0.25, 1.25, None),
    ("web_vitals.first_contentful_paint", S, 1.500, 3.000, 1.25, None),
    ("web_vitals.time_to_first_byte", S, 0.800, 1.800, 1.25, None),
    ("system_resources.cpu_usage", R, 0.70, 0.85, 1.25, None),
    ("system_resources.memory_usage", R, 0.80, 0.90, 1.25, "scale_resources"),
    ("system_resources.disk_usage", R, 0.75, 0.85, 1.25, None),
    ("system_resources.database_connections", R, 0.80, 0.95, 1.25, None),
    ("portal_usage.concurrent_users", C, 4, None, 1.25, "restrict_access"),
    ("database_performance.query_execution_time", S, 0.500, None, 1.25, "alert_team"),
    ("database_performance.connection_pool_usage", R, 0.80, None, 1.25, None),
    ("database_performance.transaction_rollback_rate", R, 0.05, None, 1.25, None),
    ("database_performance.lock_wait_time", S, 0.100, None, 1.25, None),
    ("api_performance.response_time_p95", S, 1.000, None, 1.25, "alert_team"),
    ("api_performance.error_rate", R, None, 0.02, 1.25, None),
    ("api_performance.requests_per_minute", C, 1000, None, 1.25, None),
    ("api_performance.concurrent_connections", C, 50, None, 1.25, None),
    ("frontend_performance.page_load_time", S, 2.000, None, 1.25, None),
    ("frontend_performance.time_to_interactive", S, 3.000, None, 1.25, None),
    ("frontend_performance.cumulative_layout_shift", C, 0.1, None, 1.25, None),
    ("frontend_performance.first_contentful_paint", S, 1.500, None, 1.25, None),
    ("information_items.update_conflicts", C, 5, None, 1.25, None),
    ("information_items.search_response_time", S, 0.300, None, 1.25, None),
    ("information_items.auto_save_failure_rate", R, 0.01, None, 1.25, None),
    ("unmanaged_products.status_transition_errors", C, 2, None, 1.25, None),
    ("unmanaged_products.provider_validation_failures", R, 0.05, None, 1.25, None),
    ("networth_statements.generation_time", S, 5.000, None, 1.25, None),
    ("networth_statements.snapshot_creation_failures", C, 1, None, 1.25, None),
    ("kyc_reports.report_generation_time", S, 10.000, None, 1.25, None),
    ("kyc_reports.template_rendering_errors", R, 0.01, None, 1.25, None),
    ("kyc_reports.pdf_generation_failures", R, 0.02, None, 1.25, None),
]
FLOORS = [
    ("information_items.creation_success_rate", 0.98),
    ("unmanaged_products.bulk_import_success_rate", 0.95),
    ("networth_statements.calculation_accuracy", 0.9999),
]
WINDOWS = {
    "information_items.update_conflicts": 3600,
    "unmanaged_products.status_transition_errors": 3600,
    "networth_statements.snapshot_creation_failures": 86400,
    "api_performance.requests_per_minute": 60,
}


@pytest.mark.parametrize(("name", "unit", "warning", "critical", "multiplier", "action"), CEILINGS)
def test_ceilings(
    name: str, unit: Unit, warning: float | None, critical: float | None, multiplier: float, action: str | None
) -> None:
    """Every ceiling of the matrix is the customer's, to the last digit."""
    limits = load_matrix().limits_of(Series(name, unit))
    assert (limits.warning.value if limits.warning else None) == warning
    assert (limits.critical.value if limits.critical else None) == critical
    assert limits.multiplier == multiplier
    assert limits.action == action
    assert (limits.bad_evaluations, limits.good_evaluations) == (3, 2)
    first = limits.warning or limits.critical
    assert first is not None
    assert first.window_seconds == WINDOWS.get(name)


@pytest.mark.parametrize(("name", "floor"), FLOORS)
def test_floors(name: str, floor: float) -> None:
    """Where the customer says "at least", the limit is a floor."""
    limits = load_matrix().limits_of(Series(name, R, DOWN))
    assert limits.warning is not None
    assert (limits.warning.value, limits.warning.direction, limits.critical) == (floor, DOWN, None)


def test_nothing_else_is_shipped() -> None:
    """The matrix has the customer's lines and no other."""
    shipped = {f"{name}.{metric}" for name, one in load_matrix().categories.items() for metric in one.series}
    typed = {row[0] for row in [*CEILINGS, *FLOORS] if not str(row[0]).endswith(".anything_else")}
    assert shipped == typed


def test_profiles() -> None:
    """The enhanced profile tolerates 15 %, the standard one what each series is given."""
    profiles = load_matrix().profiles
    assert profiles[Profile.ENHANCED].at_most == 1.15
    assert profiles[Profile.STANDARD].at_most is None


def test_targets() -> None:
    """Targets are baseline → target → acceptable maximum."""
    shipped = {
        name: tuple(None if limit is None else limit.value for limit in (one.baseline, one.target, one.maximum))
        for name, one in load_targets().targets.items()
    }
    assert shipped == {
        "database_query": (0.100, 0.125, 0.150),
        "api_response": (0.200, 0.250, 0.300),
        "page_load": (0.800, 0.500, 0.600),
        "auto_save_interval": (None, 30, 45),
        "concurrent_users": (None, None, 4),
    }


def test_enhanced_baselines() -> None:
    """The enhanced systems' own baselines."""
    assert {name: (limit.value, limit.unit) for name, limit in load_targets().enhanced.items()} == {
        "page": (1.5, S),
        "analytics_api": (2, S),
        "standard_api": (0.3, S),
        "database": (0.05, S),
        "bulk_operation": (3, S),
        "encryption": (0.01, S),
        "audit_trail_write": (0.005, S),
        "backend_memory": (3_000_000_000, Unit.BYTES),
        "cpu": (0.7, R),
    }


def test_schedule() -> None:
    """The customer's intervals, in seconds."""
    schedule = load_schedule()
    assert schedule.probes == {"database": 30, "api": 60, "host": 30}
    assert schedule.after_deployment == {
        "system_health_check": 900,
        "performance_test_suite": 3600,
        "index_usage_analysis": 21600,
        "constraint_validation": 86400,
    }
    assert schedule.status_update_seconds == 14400


@pytest.mark.parametrize(("minutes", "level"), [(0, 1), (29.9, 1), (30, 2), (59.9, 2), (60, 3), (600, 3)])
def test_support_levels(minutes: float, level: int) -> None:
    """Half an hour for the deployment team, half for IT management, then the executives."""
    tiers = load_routing().tiers
    tier, began = tiers["support_level_1"], 0.0
    while tier.escalates_to and minutes * 60 >= began + (tier.escalates_after_seconds or 0):
        began += tier.escalates_after_seconds or 0
        tier = tiers[tier.escalates_to]
    assert tier.name == f"support_level_{level}"


def test_tiers() -> None:
    """Channels, escalation and reminders of the four tiers, and who is told in a deployment."""
    shipped = {
        one.name: (one.meaning, one.channels, one.escalates_after_seconds, one.escalates_to, one.reminder_seconds)
        for one in load_routing().tiers.values()
        if one.name.startswith("tier_")
    }
    levels = [one.channels for one in load_routing().tiers.values() if one.name.startswith("support_")]
    assert levels == [("deployment-team",), ("it-management",), ("email-executives",)]
    assert shipped == {
        "tier_1_info": ("trending", ("slack-monitoring",), None, None, None),
        "tier_2_warning": (
            "attention within 1 hour",
            ("slack-alerts", "email-ops-team"),
            3600,
            "tier_3_critical",
            None,
        ),
        "tier_3_critical": (
            "immediate response",
            ("slack-critical", "email-ops-team", "sms-on-call"),
            900,
            "tier_4_emergency",
            900,
        ),
        "tier_4_emergency": ("all hands", ("phone-call-escalation", "email-executives"), None, None, 900),
    }
    expiry = {name: load_routing().tiers[name].acknowledgement_expires_seconds for name in shipped}
    assert expiry == {
        "tier_1_info": 86400,
        "tier_2_warning": 14400,
        "tier_3_critical": 3600,
        "tier_4_emergency": 1800,
    }


def test_routes() -> None:
    """The customer's alert categories and their tiers."""
    routing = load_routing()
    assert routing.routes == {
        "database_performance": "tier_2_warning",
        "api_errors": "tier_3_critical",
        "security_issues": "tier_4_emergency",
        "data_integrity": "tier_4_emergency",
        "system_unavailable": "tier_4_emergency",
        "deployment": "support_level_1",
    }
    assert (routing.unrouted.warning, routing.unrouted.critical) == ("tier_2_warning", "tier_3_critical")


def test_every_category_of_the_matrix_is_mapped() -> None:
    """No line of the matrix ends in an alert category that nobody has heard of."""
    assert set(load_matrix().categories) <= set(load_routing().categories)


def test_rollback_matrix() -> None:
    """Tier, minutes and decider of each row of the decision matrix, with its bands."""
    matrix = load_rollback()
    rows = [
        (one.rollback_tier, one.within_seconds / 60, one.decided_by)
        for one in (matrix.inaccessible, matrix.core_broken, matrix.degraded)
    ]
    assert rows == [
        (3, 240, "deployment lead and senior management"),
        (2, 60, "deployment lead"),
        (1, 15, "application administrator, deployment lead approves"),
    ]
    assert (matrix.core_broken.over, matrix.degraded.over, matrix.hold_from, matrix.confidence) == (0.5, 0.4, 0.25, 0.8)


GRADES = {
    "client_ownership_retrieval": (0.100, 0.500, 2.000),
    "json_ownership_queries": (0.050, 0.200, 1.000),
    "information_items_retrieval": (0.100, 0.300, 1.500),
    "materialized_view_performance": (0.020, 0.100, 0.500),
}


def test_grade_bands() -> None:
    """The bands of the four benchmark queries and the JSON operations."""
    grades = load_grades()
    shipped = {
        name: (one.excellent_seconds, one.good_seconds, one.acceptable_seconds) for name, one in grades.queries.items()
    }
    assert shipped == GRADES
    assert grades.json_benchmarks == {
        "containment": 0.1,
        "key_existence": 0.1,
        "nested_path": 0.15,
        "under_concurrent_load": 0.2,
        "complex_aggregation": 0.5,
    }


@pytest.mark.parametrize(
    ("seconds", "grade"),
    [
        (0.0999, Grade.EXCELLENT),
        (0.1, Grade.GOOD),
        (0.5, Grade.ACCEPTABLE),
        (1.999, Grade.ACCEPTABLE),
        (2.0, Grade.POOR),
    ],
)
def test_grading(seconds: float, grade: Grade) -> None:
    """A grade holds under its figure, not at it."""
    assert load_grades().queries["client_ownership_retrieval"].grade(seconds) is grade
