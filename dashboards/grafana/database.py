"""2 Database: queries as the portal runs them, and how full the server is."""

from grafana_foundation_sdk.models import dashboard

from baselines.series import Unit
from dashboards import metrics
from dashboards.grafana.board import board
from dashboards.grafana.names import DashboardUid
from dashboards.grafana.panel import FIRST_FREE_ID, About, Query, line_panel
from dashboards.grafana.red import red_panels
from dashboards.grafana.selectors import HERE


def database() -> dashboard.Dashboard:
    """Duration and errors of queries, and how full the server's connections are."""
    return board(
        DashboardUid.DATABASE,
        "2 Database",
        "Queries as the portal runs them, with baseline and limits, then utilisation of the server.",
        [
            *red_panels("query"),
            line_panel(
                About(
                    id=FIRST_FREE_ID + 20,
                    title="Utilisation",
                    description="Shares from 0 to 100 %: connections of the allowed ones, rolled back transactions.",
                    unit="percentunit",
                ),
                [
                    Query(
                        expr=f"max by (job, series) ({metrics.SERIES_VALUE[Unit.RATIO].name}"
                        f'{{{HERE}, series=~"(database_performance|system_resources)[.].*(connection|rollback).*"}})',
                        legend="{{series}}",
                    )
                ],
                soft_max=1,
            ),
        ],
        series_of=f'{metrics.PROBE_SUCCESS.name}{{{HERE}, series=~"database_.+"}}',
    )
