"""Who must know."""

import pytest

from baselines.series import Series
from thresholds import Level, Rule, Tier, load_routing


@pytest.mark.parametrize(
    ("route", "level", "tier"),
    [
        ("database_performance", Level.WARNING, "tier_2_warning"),
        ("database_performance", Level.CRITICAL, "tier_3_critical"),
        ("api_errors", Level.WARNING, "tier_3_critical"),
        ("api_errors", Level.CRITICAL, "tier_3_critical"),
        ("data_integrity", Level.WARNING, "tier_4_emergency"),
        ("security_issues", Level.CRITICAL, "tier_4_emergency"),
        ("system_unavailable", Level.CRITICAL, "tier_4_emergency"),
        ("slow_endpoints", Level.WARNING, "tier_2_warning"),
        ("slow_endpoints", Level.CRITICAL, "tier_3_critical"),
        ("front_end", Level.CRITICAL, "tier_3_critical"),
        ("never_heard_of", Level.WARNING, "tier_2_warning"),
    ],
)
def test_tier_of(route: str, level: Level, tier: str) -> None:
    """A routed category keeps its tier, any other goes by level, and a critical finding never stays below tier 3."""
    assert load_routing().tier_of(route, level).name == tier


def test_ok_has_no_tier() -> None:
    """Nobody is told that something is well."""
    with pytest.raises(ValueError, match="a finding that is ok has no tier"):
        load_routing().tier_of("api_errors", Level.OK)


@pytest.mark.parametrize(
    ("name", "rule", "route"),
    [
        ("database_queries.portfolio_summary", Rule.ABSOLUTE, "database_performance"),
        ("database_queries.portfolio_summary", Rule.AVAILABILITY, "database_performance"),
        ("postgresql.lock_waits", Rule.ABSOLUTE, "database_performance"),
        ("system_resources.database_connections", Rule.ABSOLUTE, "database_performance"),
        ("system_resources.cpu_usage", Rule.ABSOLUTE, "host"),
        ("api_endpoints.client_groups", Rule.BASELINE, "slow_endpoints"),
        ("api_endpoints.client_groups", Rule.AVAILABILITY, "api_errors"),
        ("api_performance.error_rate", Rule.ABSOLUTE, "api_errors"),
        ("reachability.portal", Rule.AVAILABILITY, "system_unavailable"),
        ("reachability.portal", Rule.ABSOLUTE, "slow_endpoints"),
        ("web_vitals.largest_contentful_paint", Rule.ABSOLUTE, "front_end"),
        ("kyc_reports.pdf_generation_failures", Rule.ABSOLUTE, "features"),
        ("our_own.figure", Rule.ABSOLUTE, "our_own"),
    ],
)
def test_route_of(name: str, rule: Rule, route: str) -> None:
    """A slow endpoint and a failing one are different faults; so are a failing endpoint and an unreachable portal."""
    assert load_routing().route_of(Series(name), rule) == route


def test_the_route_of_a_series_wins() -> None:
    """What the configuration says of a series stands over every mapping."""
    series = Series("api_endpoints.client_groups", route="data_integrity")
    assert load_routing().route_of(series, Rule.AVAILABILITY) == "data_integrity"


def test_a_tier_is_written_in_either_way() -> None:
    """People write units, code writes seconds; both are one tier."""
    code = Tier(
        name="t",
        meaning="m",
        channels=("c",),
        escalates_after_seconds=3600,
        escalates_to="u",
        acknowledgement_expires_seconds=60,
    )
    people = Tier.model_validate(
        {
            "name": "t",
            "meaning": "m",
            "channels": ["c"],
            "escalates_after": "1 h",
            "escalates_to": "u",
            "acknowledgement_expires": "1 min",
        }
    )
    assert code == people
