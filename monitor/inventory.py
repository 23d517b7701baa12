"""The configuration as the dashboards see it: each series with its area, limits and tolerance."""

from collections.abc import Mapping

from baselines import Series
from baselines.series import Unit
from dashboards import Area, Inventory, WatchedSeries
from monitor.comparing import Figures
from monitor.configuration import Configuration
from monitor.settings import Settings
from probes import ProbeSettings, series_of
from thresholds import Level, Profile, Routing, ThresholdMatrix

# By alert category; an endpoint and whatever else it is asked by go by the kind of the probe.
_BY_ALERT_CATEGORY = {
    "database_performance": Area.DATABASE,
    "front_end": Area.FRONT_END,
    "host": Area.HOST,
    "features": Area.FEATURES,
}
_BY_KIND = {"sql": Area.DATABASE, "postgresql_server": Area.DATABASE, "host": Area.HOST}
# A query has phases only in the rare run that connects.
_TIMED_IN_PHASES = frozenset({"http", "journey"})
_ERROR_RATE = Series("api_performance.error_rate", Unit.RATIO)


def inventory(configuration: Configuration) -> Inventory:
    """All series of the configuration. Raises ConfigurationError for a threshold that fits none of them."""
    settings = configuration.settings
    figures = Figures.load(configuration, series_of(settings.probes))
    matrix = figures.matrix
    errors = matrix.limits_of(_ERROR_RATE)
    error_limit = errors.critical or errors.warning
    return Inventory(
        series=[
            WatchedSeries(
                series=one,
                area=_area(figures.routing, one, probe),
                limits=figures.limits_by_level(one),
                tolerance=matrix.tolerance_of(one, Profile.STANDARD)[0],
                timed_in_phases=probe.kind in _TIMED_IN_PHASES and one.is_duration,
            )
            for probe in settings.probes.values()
            for one in probe.series()
        ],
        error_ratio_limit=error_limit.value if error_limit else 0.0,
        hold_over=1 + figures.rollback.hold_from,
        roll_back_over=1 + figures.rollback.degraded.over,
        expected={area: _expected(matrix, figures.routing, area) for area in (Area.FRONT_END, Area.FEATURES)},
    )


def runbook_url(settings: Settings) -> str:
    """Where the runbooks are: at the service itself, as people reach it."""
    base = settings.public_url or f"http://{settings.http.host}:{settings.http.port}"
    return f"{str(base).rstrip('/')}/runbooks"


def _area(routing: Routing, series: Series, probe: ProbeSettings) -> Area:
    alert_category = routing.categories.get(series.name) or routing.categories.get(series.category, "")
    return _BY_ALERT_CATEGORY.get(alert_category) or _BY_KIND.get(probe.kind, Area.API)


def _expected(matrix: ThresholdMatrix, routing: Routing, area: Area) -> Mapping[str, str]:
    return {
        f"{name}.{metric}": " / ".join(
            str(limit) for level in Level if (limit := line.figures.get(level.value)) is not None
        )
        for name, category in matrix.categories.items()
        if _BY_ALERT_CATEGORY.get(routing.categories.get(name, "")) is area
        for metric, line in category.series.items()
    }
