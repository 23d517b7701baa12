"""What is measured as it stands, and not timed: shares, sizes, plain numbers, and waits of the moment."""

from collections.abc import Iterator

from baselines.series import Unit
from dashboards import metrics
from dashboards.grafana.panel import About, AnyPanel, Query, Role, line_panel
from dashboards.grafana.selectors import Selection
from dashboards.inventory import Area, Inventory, WatchedSeries, units

GRAFANA_UNITS = {Unit.SECONDS: "s", Unit.RATIO: "percentunit", Unit.BYTES: "bytes", Unit.COUNT: "none"}
_TITLES = {Unit.SECONDS: "Seconds", Unit.RATIO: "Shares", Unit.BYTES: "Bytes", Unit.COUNT: "Numbers"}


def level_panels(inventory: Inventory, area: Area, first_id: int) -> Iterator[AnyPanel]:
    """A panel for each unit in which something of the area stands, with its limits dashed, numbered from `first_id`."""
    levels = [one for one in inventory.of(area) if not one.series.is_duration]
    for place, unit in enumerate(units(levels)):
        ours = [one for one in levels if one.series.unit is unit]
        yield _levels(Selection(inventory.pattern(ours)), unit, ours, first_id + place)


def _levels(chosen: Selection, unit: Unit, ours: list[WatchedSeries], panel_id: int) -> AnyPanel:
    value = f"{metrics.SERIES_VALUE[unit].name}{{{chosen.here}}}"
    queries = [Query(expr=f"max by (series) ({value})", legend="{{series}}")]
    if any(one.limits for one in ours):
        limit = f"{metrics.SERIES_LIMIT[unit].name}{{{chosen.here}}}"
        queries.append(Query(expr=f"max by (series, level) ({limit})", legend="{{series}} {{level}}", role=Role.LIMIT))
    names = ", ".join(one.series.metric for one in ours[:6]) + (" …" if len(ours) > 6 else "")
    return line_panel(
        About(
            id=panel_id,
            title=_TITLES[unit],
            description=f"As last measured: {names}; each series' own limits dashed.",
            unit=GRAFANA_UNITS[unit],
            height=9,
        ),
        queries,
        soft_max=1 if unit is Unit.RATIO else None,
    )
