"""What people and Prometheus see: the catalogue of metrics, reports, the status page, Grafana and rules."""

from dashboards.api_page import render_api_page
from dashboards.deployment import (
    ChecklistLine,
    HealthScore,
    Story,
    deployment_document,
    render_deployment_html,
    render_deployment_markdown,
)
from dashboards.export import SHIPPED, Places, export
from dashboards.inventory import Area, Inventory, WatchedSeries
from dashboards.metrics import CATALOGUE, Metric, MetricKind
from dashboards.page import content_security_policy, service_policy
from dashboards.pages.frame import Frame, render_page
from dashboards.pages.runbooks import runbook_of
from dashboards.reports import (
    change_documents,
    headline,
    render_html,
    render_json,
    render_junit,
    render_markdown,
    render_table,
)
from dashboards.status_page import (
    ComponentHealth,
    Condition,
    OpenAlert,
    SeriesStatus,
    StatusPage,
    render_status_page,
)

__all__ = [
    "CATALOGUE",
    "SHIPPED",
    "Area",
    "ChecklistLine",
    "ComponentHealth",
    "Condition",
    "Frame",
    "HealthScore",
    "Inventory",
    "Metric",
    "MetricKind",
    "OpenAlert",
    "Places",
    "SeriesStatus",
    "StatusPage",
    "Story",
    "WatchedSeries",
    "change_documents",
    "content_security_policy",
    "deployment_document",
    "export",
    "headline",
    "render_api_page",
    "render_deployment_html",
    "render_deployment_markdown",
    "render_html",
    "render_json",
    "render_junit",
    "render_markdown",
    "render_page",
    "render_status_page",
    "render_table",
    "runbook_of",
    "service_policy",
]
