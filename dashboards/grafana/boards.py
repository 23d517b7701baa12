"""The dashboards, in the order of an investigation."""

from grafana_foundation_sdk.models import dashboard

from dashboards.grafana.api import api
from dashboards.grafana.comparison import comparison
from dashboards.grafana.database import database
from dashboards.grafana.host import host
from dashboards.grafana.overview import overview


def all_boards() -> list[dashboard.Dashboard]:
    """Every dashboard, each built anew."""
    return [overview(), api(), database(), comparison(), host()]
