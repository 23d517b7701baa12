"""How a deployment is shown: one view model behind page, report and scripts."""

from dashboards.deployment.document import deployment_document, gate_document
from dashboards.deployment.markdown import render_deployment_markdown
from dashboards.deployment.report import render_deployment_html
from dashboards.deployment.story import ChecklistLine, HealthScore, Story

__all__ = [
    "ChecklistLine",
    "HealthScore",
    "Story",
    "deployment_document",
    "gate_document",
    "render_deployment_html",
    "render_deployment_markdown",
]
