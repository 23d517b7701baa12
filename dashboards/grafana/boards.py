"""The dashboards, in the order of an investigation."""

from collections.abc import Sequence

from grafana_foundation_sdk.models import dashboard

from dashboards.grafana.alerts import alerts
from dashboards.grafana.areas import area_board
from dashboards.grafana.board import link_runbooks
from dashboards.grafana.comparison import comparison
from dashboards.grafana.deployment import deployment
from dashboards.grafana.overview import overview
from dashboards.grafana.service import service
from dashboards.inventory import Area, Inventory
from dashboards.prometheus.alerting import AlertingRule


def all_boards(inventory: Inventory, rules: Sequence[AlertingRule], runbook_url: str) -> list[dashboard.Dashboard]:
    """Every dashboard, each built anew; panels that an alert leads to lead on to its runbook."""
    built = [
        overview(inventory),
        area_board(inventory, Area.API),
        area_board(inventory, Area.DATABASE),
        comparison(inventory),
        area_board(inventory, Area.FRONT_END),
        area_board(inventory, Area.HOST),
        area_board(inventory, Area.FEATURES),
        deployment(inventory),
        alerts(),
        service(),
    ]
    for one in built:
        link_runbooks(one, rules, runbook_url)
    return built
