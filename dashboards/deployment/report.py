"""A deployment as one self-contained HTML file for a change ticket."""

from dashboards.deployment import wording
from dashboards.deployment.story import Story
from dashboards.page import environment
from dashboards.reports import figures


def render_deployment_html(story: Story) -> str:
    """The whole deployment as of its instant; after its end, the closing report.

    The file loads nothing, runs nothing, prints, and reads in light and dark and at 390 px.
    """
    return environment().get_template("deployment_report.html.j2").render(story=story, wording=wording, figures=figures)
