"""`portalwatch deploy report`."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from dashboards import Story, deployment_document, render_deployment_html, render_deployment_markdown
from monitor.cli.context import configured
from monitor.cli.deploy.status import story_now
from monitor.cli.options import config_option
from monitor.cli.report import write

_REPORTS: Mapping[str, Callable[[Story], str]] = {
    "html": render_deployment_html,
    "markdown": render_deployment_markdown,
    "json": lambda story: json.dumps(deployment_document(story), default=str, indent=2),
}


@click.command(epilog="Example: portalwatch deploy report v42 --output v42.html")
@click.argument("name", required=False)
@click.option(
    "--format", "output_format", type=click.Choice(list(_REPORTS)), default="html", show_default=True, help="As what."
)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write it into this file.")
@config_option
def report(name: str | None, output_format: str, output: Path | None, config: Path | None) -> None:
    """The whole story of a deployment, of the last one without a NAME: what was planned, done, found and decided."""
    write(_REPORTS[output_format](story_now(configured(config), name)), output)
