"""5 Host: how full the watched machine is."""

from grafana_foundation_sdk.models import dashboard

from baselines.series import Unit
from dashboards import metrics
from dashboards.grafana.board import board
from dashboards.grafana.names import DashboardUid
from dashboards.grafana.panel import BAD, FIRST_FREE_ID, GOOD, WARN, About, Query, Role, Step, line_panel, stat_panel
from dashboards.grafana.selectors import HERE, SELECTED


def host() -> dashboard.Dashboard:
    """How full the machine is."""
    value, limit = metrics.SERIES_VALUE[Unit.RATIO].name, metrics.SERIES_LIMIT[Unit.RATIO].name
    return board(
        DashboardUid.HOST,
        "5 Host",
        "Processor, memory and disk of the watched machine, with their limits.",
        [
            stat_panel(
                About(
                    id=FIRST_FREE_ID,
                    title="Now",
                    description="Used shares. Colours are those of the customer's limits for memory.",
                    unit="percentunit",
                    width=24,
                    height=5,
                    decimals=0,
                ),
                [Query(expr=f"max by (series) ({value}{{{HERE}, {SELECTED}}})", legend="{{series}}")],
                [Step(None, GOOD), Step(0.8, WARN), Step(0.9, BAD)],
            ),
            line_panel(
                About(
                    id=FIRST_FREE_ID + 1,
                    title="Used share",
                    description="Used shares over time with each series' own warning and critical limits, dashed.",
                    unit="percentunit",
                    width=24,
                    height=10,
                ),
                [
                    Query(expr=f"max by (series) ({value}{{{HERE}, {SELECTED}}})", legend="{{series}}"),
                    Query(
                        expr=f"max by (series, level) ({limit}{{{HERE}, {SELECTED}}})",
                        legend="{{series}} {{level}}",
                        role=Role.LIMIT,
                    ),
                ],
                soft_max=1,
            ),
        ],
        series_of=f'{value}{{{HERE}, series=~"system_resources[.].+"}}',
    )
