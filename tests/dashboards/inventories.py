"""Inventories: of everything that there can be, of one series, and of nothing."""

from baselines.series import Direction, Series, Unit
from dashboards import Area, Inventory, WatchedSeries
from tests.dashboards.examples import SLOW
from thresholds.finding import Level


def watched(
    name: str,
    area: Area,
    warning: float | None = None,
    critical: float | None = None,
    *,
    unit: Unit = Unit.SECONDS,
    comparable: bool = True,
    direction: Direction = Direction.CEILING,
    cadence_seconds: float | None = 30.0,
) -> WatchedSeries:
    """A series with these limits."""
    series = Series(name, unit, direction, cadence_seconds, comparable=comparable)
    limits = {Level.WARNING: warning, Level.CRITICAL: critical}
    return WatchedSeries(
        series=series,
        area=area,
        limits={level: limit for level, limit in limits.items() if limit is not None},
        tolerance=1.25,
        timed_in_phases=series.is_duration,
    )


def inventory(*series: WatchedSeries) -> Inventory:
    """These series under the customer's figures."""
    return Inventory(
        series=series,
        error_ratio_limit=0.02,
        hold_over=1.25,
        roll_back_over=1.4,
        expected={
            Area.FRONT_END: {"web_vitals.largest_contentful_paint": "2.5 s / 4 s"},
            Area.FEATURES: {"kyc_reports.pdf_generation_failures": "2 %"},
        },
    )


# Every unit, timed or not, with limits and without, in every area; one category in two areas, one without a schedule.
EVERYTHING = inventory(
    watched(SLOW, Area.DATABASE, 0.25, 0.5),
    watched("database_performance.transaction_rollback_rate", Area.DATABASE, 0.05, unit=Unit.RATIO),
    watched("database_performance.lock_wait_time", Area.DATABASE, 0.1, comparable=False),
    watched("reachability.database", Area.DATABASE, 0.5),
    watched("reachability.portal", Area.API),
    watched("api_endpoints.client_groups", Area.API, 0.3, 1.0, cadence_seconds=60.0),
    watched("api_performance.error_rate", Area.API, critical=0.02, unit=Unit.RATIO),
    watched("frontend_performance.front_page", Area.FRONT_END, 2.0),
    watched("web_vitals.largest_contentful_paint", Area.FRONT_END, 2.5, 4.0, comparable=False),
    watched("web_vitals.cumulative_layout_shift", Area.FRONT_END, 0.1, 0.25, unit=Unit.COUNT),
    watched("system_resources.cpu_usage", Area.HOST, 0.7, 0.85, unit=Unit.RATIO),
    watched("system_resources.network_in", Area.HOST, unit=Unit.BYTES),
    watched("system_resources.database_connections", Area.DATABASE, 0.8, 0.95, unit=Unit.RATIO),
    watched("portal_usage.concurrent_users", Area.HOST, 4.0, unit=Unit.COUNT, cadence_seconds=None),
    watched(
        "information_items.creation_success_rate",
        Area.FEATURES,
        0.98,
        unit=Unit.RATIO,
        direction=Direction.FLOOR,
    ),
    watched("networth_statements.generation_time", Area.FEATURES, 5.0),
)
ONE = inventory(watched("api_endpoints.client_groups", Area.API))
NOTHING = inventory()
