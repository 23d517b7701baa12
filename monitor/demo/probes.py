"""What the service asks of the demo portal, in the form of a configuration's `probes:`.

A probe's name is its series' (`database_queries.portfolio_summary`), and the threshold matrix's where that has one.
"""

from typing import Any

from monitor.demo.portal.database import statements

DATABASE_TARGET = "portal_database"
API_TARGET = "portal"
# Its page of figures asks nobody for a token, so it can be read while nobody can log in.
FIGURES_TARGET = "portal_figures"

# Groups far apart, so that no query asks for the pages of the one before it. Ten follow each of them.
_GROUPS = [[1], [62], [23], [94], [45], [116], [7], [78], [29], [100], [51], [15], [86]]

# By name: arguments in turn, and the rows below which an answer is wrong.
_QUERIES: dict[str, tuple[list[list[int]], int]] = {
    "client_groups_list": ([[]], 50),
    "portfolio_summary": ([[]], 100),
    "client_data_retrieval": (_GROUPS, 1),
    "product_ownership_query": (_GROUPS, 10),
    "portfolio_valuation_aggregation": (_GROUPS, 1),
}

# By name: path, and what must be in the answer.
_PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "health": ("/health", {"status": "ok"}),
    "dashboard": ("/dashboard", {"totals.active_client_groups": 120}),
    "portfolios": ("/portfolios", {"count": 50}),
    "client_groups": ("/api/client_groups", {"count": 50}),
    "client_group_products": ("/api/client_groups/5/products", {"items.0.status": "active"}),
    "analytics_portfolio_summary": ("/api/analytics/portfolio_summary", {"count": 120}),
    "irr_analysis": ("/api/reports/irr_analysis", {"count": 130}),
}

# What the portal counts itself, its database server, and this host.
_INSIDE: dict[str, dict[str, Any]] = {
    "traffic": {
        "kind": "scrape",
        "category": "api_performance",
        "target": FIGURES_TARGET,
        "series": {
            "requests_per_minute": {"rate": "http_requests_total", "per": "1m"},
            "error_rate": {"ratio": 'http_requests_total{status=~"5.."}', "of": "http_requests_total", "minimum": 20},
            "concurrent_connections": {"value": "http_requests_in_progress"},
        },
    },
    "pool": {
        "kind": "scrape",
        "category": "database_performance",
        "target": FIGURES_TARGET,
        "series": {"connection_pool_usage": {"value": "db_pool_used_ratio", "unit": "ratio"}},
    },
    "users": {
        "kind": "scrape",
        "category": "portal_usage",
        "target": FIGURES_TARGET,
        # Whoever works with the portal; the log-in of these probes is not among them.
        "series": {"concurrent_users": {"value": "portal_active_users"}},
    },
    "server": {"kind": "postgresql_server", "category": "database_performance", "target": DATABASE_TARGET},
    "host": {"kind": "host", "category": "system_resources"},
}

# A fixed item is written again and again: the whole way of a change, and the table does not grow by being watched.
_ITEM = {"id": 1, "item_type": "basic_detail", "priority": "normal", "content": {"title": "Written by a probe"}}


def probes(*, migrated: bool) -> dict[str, dict[str, Any]]:
    """The probes of the demo by name: five queries, seven endpoints, and four more once the portal is `migrated`; and
    what is seen of the portal, its server and the host from inside.

    Before the migration the four answer 404; after it their series are new.
    """
    found = {name: _query(name, *what) for name, what in _QUERIES.items()}
    found |= {name: _request("GET", *what) for name, what in _PAGES.items()}
    if migrated:
        group = "/api/client_groups/1"
        found |= {
            "information_items_list": _request("GET", "/api/client_groups/5/information_items", {"count": 30}),
            "information_items_crud": _request("PUT", f"{group}/information_items", {"id": 1}, json=_ITEM),
            "networth_generation": _request("POST", f"{group}/networth_statements", {}, status=201),
            "kyc_report": _request("GET", f"{group}/kyc_report", {"client_group_id": 1}),
        }
    return found | _INSIDE


def _query(name: str, arguments: list[list[int]], minimum_rows: int) -> dict[str, Any]:
    (query,) = statements(f"probes/{name}")
    return {
        "kind": "sql",
        "category": "database_queries",
        "target": DATABASE_TARGET,
        "query": query,
        "arguments": arguments,
        "minimum_rows": minimum_rows,
    }


def _request(method: str, path: str, expected: dict[str, Any], *, status: int = 200, **body: Any) -> dict[str, Any]:
    return {
        "kind": "http",
        "category": "api_endpoints",
        "target": API_TARGET,
        "method": method,
        "path": path,
        "expect": {"status": status, "json": expected},
        **body,
    }
