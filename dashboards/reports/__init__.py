"""An assessment for everybody who has to read it: people at a terminal or a ticket, pipelines and scripts."""

from dashboards.reports.document import change_documents, document, render_json
from dashboards.reports.html_page import render_html
from dashboards.reports.junit import render_junit
from dashboards.reports.markdown import render_markdown
from dashboards.reports.table import render_table
from dashboards.reports.wording import advice, headline

__all__ = [
    "advice",
    "change_documents",
    "document",
    "headline",
    "render_html",
    "render_json",
    "render_junit",
    "render_markdown",
    "render_table",
]
