"""`portalwatch dashboards`: export."""

from pathlib import Path

import click

from dashboards import export as export_dashboards
from monitor.cli.context import configured
from monitor.cli.options import config_option
from monitor.errors import ConfigurationError


@click.group(epilog="Example: portalwatch dashboards export ./grafana")
def dashboards() -> None:
    """Grafana dashboards and Prometheus rules for these probes."""


@dashboards.command(epilog="Example: portalwatch dashboards export ./grafana")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@config_option
def export(directory: Path, config: Path | None) -> None:
    """Write dashboards, provisioning, scrape configuration and rules into DIRECTORY."""
    http = configured(config).settings.http
    try:
        files = export_dashboards(directory, scrape_target=f"{http.host}:{http.port}")
    except OSError as error:
        raise ConfigurationError(f"{directory} can't be written: {error.strerror}") from error
    for file in files:
        click.echo(file)
