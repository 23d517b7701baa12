"""`portalwatch config`: check, show, schema."""

import json
from pathlib import Path

import click
import yaml

from monitor.alerting import configured_channels
from monitor.cli.context import configured
from monitor.cli.options import config_option, format_option, unread_config_option
from monitor.comparing import Figures
from monitor.configuration import Configuration
from monitor.exporter import Exporter
from monitor.schema import configuration_schema
from monitor.tiers import untold_tiers
from probes import series_of


@click.group(epilog="Example: portalwatch config check --config portalwatch.yml")
def config() -> None:
    """The configuration: is it right, and what does it say?"""


@config.command(epilog="Example: portalwatch config check")
@config_option
def check(config: Path | None) -> None:
    """Name every mistake with its file, line and key; exit code 2 where there is one."""
    configuration = configured(config)
    series = series_of(configuration.settings.probes)
    Figures.load(configuration, series)
    configured_channels(configuration.settings, Exporter(series, version=""))
    for tier, channels in untold_tiers(configuration.settings.alerts).items():
        click.echo(f"note: {tier} names channels that are not configured: {', '.join(channels)}", err=True)
    click.echo(
        f"{_name(configuration)}: {len(configuration.settings.probes)} probes, {len(series)} series, no mistakes"
    )


@config.command(epilog="Example: portalwatch config show --format json")
@format_option()
@config_option
def show(output_format: str, config: Path | None) -> None:
    """The configuration in effect, with defaults and environment applied and secrets masked."""
    effective = configured(config).settings.model_dump(mode="json", by_alias=True)
    if output_format == "json":
        click.echo(json.dumps(effective, indent=2))
    else:
        click.echo(yaml.safe_dump(effective, sort_keys=False, allow_unicode=True), nl=False)


@config.command(epilog="Example: portalwatch config schema > portalwatch.schema.json")
@unread_config_option
def schema() -> None:
    """The JSON Schema of portalwatch.yml, for editors."""
    click.echo(json.dumps(configuration_schema(), indent=2))


def _name(configuration: Configuration) -> str:
    return "the embedded default" if configuration.path is None else str(configuration.path)
