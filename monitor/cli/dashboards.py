"""`portalwatch dashboards`: export."""

from pathlib import Path

import click

from dashboards import Places
from dashboards import export as export_dashboards
from monitor.cli.context import configured
from monitor.cli.options import config_option
from monitor.errors import ConfigurationError
from monitor.inventory import inventory, runbook_url

_DEFAULTS = Places(scrape_target="")


@click.group(epilog="Example: portalwatch dashboards export ./grafana")
def dashboards() -> None:
    """Grafana dashboards and Prometheus rules for these probes."""


@dashboards.command(epilog="Example: portalwatch dashboards export ./grafana")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@click.option("--prometheus-url", help="Prometheus as Grafana reaches it.", default=_DEFAULTS.prometheus_url)
@click.option("--grafana-url", help="Grafana as people reach it, for links in alerts.", default=_DEFAULTS.grafana_url)
@click.option(
    "--dashboards-path",
    help="The folder with the dashboards on Grafana's machine.",
    default=_DEFAULTS.dashboards_path,
)
@click.option("--scrape-target", help="The service as Prometheus reaches it [default: http.host and http.port].")
@click.option("--scrape-interval", help="Seconds between scrapes.", default=_DEFAULTS.scrape_interval_seconds, type=int)
@click.option("--job", help="The name of the scrape job.", default=_DEFAULTS.job)
@config_option
def export(
    directory: Path,
    prometheus_url: str,
    grafana_url: str,
    dashboards_path: str,
    scrape_target: str | None,
    scrape_interval: int,
    job: str,
    config: Path | None,
) -> None:
    """Write dashboards, provisioning, scrape configuration, rules and their tests into DIRECTORY."""
    configuration = configured(config)
    settings = configuration.settings
    places = Places(
        scrape_target=scrape_target or f"{settings.http.host}:{settings.http.port}",
        job=job,
        scrape_interval_seconds=scrape_interval,
        prometheus_url=prometheus_url,
        grafana_url=grafana_url,
        runbook_url=runbook_url(settings),
        dashboards_path=dashboards_path,
    )
    try:
        files = export_dashboards(directory, inventory(configuration), places)
    except OSError as error:
        raise ConfigurationError(f"{directory} can't be written: {error.strerror}") from error
    for file in files:
        click.echo(file)
