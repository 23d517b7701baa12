"""What the pages are shown with: a portal that got slower with a deployment, one without data, one that is all red."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from monitor.deployment.postgres import PostgresDeployments
from tests.deployments import migration

# A Monday afternoon, some hours after a deployment.
NOW = datetime(2026, 3, 2, 14, 41, 12, tzinfo=UTC)
DEPLOYED = NOW.replace(hour=9, minute=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One probe and what its series does: `seconds` its usual call, `factor` times that since the deployment,
    `failing` the share of its calls that fails since then."""

    probe: str
    category: str
    target: str | None = None
    seconds: float = 0.02
    factor: float = 1.0
    failing: float = 0.0
    sql: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A configuration and what was measured of it. `history`: how far the measurements go back. `deployment`: plays one
    into the store, up to an instant.
    """

    name: str
    lines: tuple[Line, ...]
    history: timedelta = timedelta(hours=26)
    cadence_seconds: float = 60.0
    measured: bool = True
    store_up: bool = True
    deployment: Callable[[PostgresDeployments, datetime], Awaitable[object]] | None = None


def _web(probe: str, seconds: float, *, factor: float = 1.0, failing: float = 0.0) -> Line:
    return Line(probe=probe, category="api_endpoints", target="portal", seconds=seconds, factor=factor, failing=failing)


def _query(probe: str, seconds: float, *, factor: float = 1.0) -> Line:
    return Line(
        probe=probe, category="database_queries", target="portal_database", seconds=seconds, factor=factor, sql=True
    )


PORTAL = Scene(
    name="portal",
    history=timedelta(days=8),
    deployment=migration.play_to_a_closed_gate,
    lines=(
        _web("client_groups", 0.043),
        _web("client_group_products", 0.061, factor=1.04),
        _web("portfolio_summary_page", 0.118, factor=1.9),
        _web("irr_analysis", 0.412),
        _web("information_items_crud", 0.087, failing=0.04),
        _web("networth_generation", 1.32, factor=0.72),
        _query("client_groups_list", 0.0021),
        _query("portfolio_summary", 0.0312),
        _query("client_information_items", 0.0124, factor=1.1),
        _query("product_ownership_query", 0.0048),
        _query("portfolio_valuation_aggregation", 0.0102, factor=6.4),
        Line(probe="database", category="reachability", target="portal_database", seconds=0.0009, sql=True),
        Line(probe="portal", category="reachability", target="portal", seconds=0.0034),
        Line(probe="login_and_dashboard", category="kyc_reports", target="portal", seconds=0.61, factor=1.12),
    ),
)
FEW = Scene(name="few", lines=PORTAL.lines[:2] + PORTAL.lines[6:7], deployment=migration.play_to_a_running_phase)
_CATEGORIES = ("api_endpoints", "kyc_reports", "networth_statements")
MANY = Scene(
    name="many",
    cadence_seconds=300.0,
    lines=tuple(
        Line(
            probe=f"client_reporting_{number:03}",
            category=_CATEGORIES[number % 3] if number % 2 else "database_queries",
            target="portal" if number % 2 else "portal_database",
            sql=number % 2 == 0,
            seconds=0.002 * (1 + number % 90),
            factor=3.0 if number in (41, 88) else 1.0,
            failing=0.2 if number == 17 else 0.0,
        )
        for number in range(300)
    ),
)
LONG = Scene(
    name="long",
    deployment=migration.play_to_the_end,
    lines=(
        _web("consolidated_portfolio_valuation_with_historic_ownership_and_beneficiaries_v2_x", 0.05),
        _query("client_group_owner_reconciliation_including_soft_deleted_rows_of_last_six_years", 0.004),
        _query("x" * 80, 0.004, factor=3.0),
    ),
)
EMPTY = Scene(name="empty", lines=PORTAL.lines, measured=False)
NOTHING = Scene(name="nothing", lines=(), measured=False)
RED = Scene(
    name="red",
    deployment=migration.play_to_a_rollback,
    lines=tuple(
        Line(
            probe=one.probe,
            category=one.category,
            target=one.target,
            sql=one.sql,
            seconds=one.seconds,
            factor=30.0,
            failing=1.0 if one.target == "portal" else 0.3,
        )
        for one in PORTAL.lines
    ),
)
SCENES = {one.name: one for one in (PORTAL, FEW, MANY, LONG, EMPTY, NOTHING, RED)}
