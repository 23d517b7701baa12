"""Fixed names: links, bookmarks and alerts lead to them, so a change breaks somebody."""

from enum import Enum, StrEnum

TAG = "portalwatch"
DATASOURCE_UID = "portalwatch-prometheus"


class DashboardUid(StrEnum):
    """The dashboards in the order of an investigation; Grafana allows 40 characters."""

    OVERVIEW = "portalwatch-0-overview"
    API = "portalwatch-1-api"
    DATABASE = "portalwatch-2-database"
    COMPARISON = "portalwatch-3-comparison"
    FRONT_END = "portalwatch-4-front-end"
    HOST = "portalwatch-5-host"
    FEATURES = "portalwatch-6-features"
    DEPLOYMENT = "portalwatch-7-deployment"
    ALERTS = "portalwatch-8-alerts"
    SERVICE = "portalwatch-9-service"


class PanelId(Enum):
    """The panels that something links to, unique within their dashboard; the others are numbered from 100."""

    FINDINGS = 1
    ERRORS = 2
    LATENESS = 3
    STORE = 4
    OUTBOX = 5
    TO_BASELINE = 6
    DRIFT = 7
    NOT_RUN = 8
    UP = 9
    PROBING = 10
    LOST = 11
    OVERDUE = 12
    GIVEN_UP = 13
