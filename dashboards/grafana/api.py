"""1 API: endpoints as a user meets them."""

from grafana_foundation_sdk.models import dashboard

from dashboards import metrics
from dashboards.grafana.board import board
from dashboards.grafana.names import DashboardUid
from dashboards.grafana.red import red_panels
from dashboards.grafana.selectors import HERE


def api() -> dashboard.Dashboard:
    """Rate, errors, duration of the API's probes."""
    return board(
        DashboardUid.API,
        "1 API",
        "Endpoints as a user meets them: rate, errors and duration of the probes, with baseline and limits.",
        red_panels("endpoint"),
        series_of=f'{metrics.PROBE_SUCCESS.name}{{{HERE}, series=~"api_.+"}}',
    )
