"""The demo's probes as a part of a configuration."""

import pytest
from pydantic import TypeAdapter

from monitor.demo.probes import probes
from probes import Probes, series_of

OLD_SERIES = {
    "database_queries.client_groups_list",
    "database_queries.portfolio_summary",
    "database_queries.client_data_retrieval",
    "database_queries.product_ownership_query",
    "database_queries.portfolio_valuation_aggregation",
    "api_endpoints.health",
    "api_endpoints.dashboard",
    "api_endpoints.portfolios",
    "api_endpoints.client_groups",
    "api_endpoints.client_group_products",
    "api_endpoints.analytics_portfolio_summary",
    "api_endpoints.irr_analysis",
}
NEW_SERIES = {
    "api_endpoints.information_items_list",
    "api_endpoints.information_items_crud",
    "api_endpoints.networth_generation",
    "api_endpoints.kyc_report",
}


@pytest.mark.parametrize(("migrated", "expected"), [(False, OLD_SERIES), (True, OLD_SERIES | NEW_SERIES)])
def test_the_probes_are_a_valid_configuration(migrated: bool, expected: set[str]) -> None:
    """They are accepted as a configuration's probes, and measure the series of their side of the migration."""
    settings = TypeAdapter(Probes).validate_python(probes(migrated=migrated))

    series = set(series_of(settings))
    assert {one for one in series if one.startswith(("database_queries.", "api_endpoints."))} == expected
    assert {"api_performance.error_rate", "database_performance.lock_wait_time", "system_resources.cpu_usage"} <= series
