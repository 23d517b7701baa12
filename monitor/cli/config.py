"""`portalwatch config`: check, show, schema, grants, recipe."""

import json
from pathlib import Path

import click
import yaml

from monitor.alerting import configured_channels
from monitor.cli.context import configured
from monitor.cli.options import config_option, format_option, unread_config_option
from monitor.comparing import Figures
from monitor.configuration import Configuration
from monitor.errors import ConfigurationError
from monitor.event_loop import run
from monitor.exporter import Exporter
from monitor.recipes import recipe as shipped_recipe
from monitor.recipes import recipe_names
from monitor.schema import configuration_schema
from monitor.target_check import examine_targets
from monitor.tiers import check_alert_settings, untold_tiers
from probes import series_of
from probes.database.sql import statement


@click.group(epilog="Example: portalwatch config check --config portalwatch.yml")
def config() -> None:
    """The configuration: is it right, and what does it say?"""


@config.command(epilog="Example: portalwatch config check")
@click.option("--offline", is_flag=True, help="Ask no target: look at the file alone.")
@config_option
def check(offline: bool, config: Path | None) -> None:
    """Name every mistake with its file, line and key; exit code 2 where there is one.

    Databases are asked what the role of their URL may do: one that can do more than read is a mistake.
    """
    configuration = configured(config)
    series = series_of(configuration.settings.probes)
    figures = Figures.load(configuration, series)
    check_alert_settings(configuration, figures.routing)
    configured_channels(configuration, Exporter(series, version=""))
    for tier, channels in untold_tiers(configuration.settings.alerts, figures.routing).items():
        click.echo(f"note: {tier} names channels that are not configured: {', '.join(channels)}", err=True)
    for name, probe in configuration.settings.probes.items():
        if (obstacle := probe.obstacle()) is not None:
            click.echo(f"note: probe {name}: {obstacle}", err=True)
    if not offline:
        _check_targets(configuration)
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


@config.command(epilog="Example: portalwatch config grants")
@unread_config_option
def grants() -> None:
    """The script for psql that makes a role of its own to watch a database as."""
    click.echo(statement("grants"), nl=False)


@config.command(epilog="Example: portalwatch config recipe features")
@click.argument("name", type=click.Choice(recipe_names()))
@unread_config_option
def recipe(name: str) -> None:
    """Probes that are ready to be used, as a part of portalwatch.yml: features, adoption or usage of the portal."""
    click.echo(shipped_recipe(name), nl=False)


def _check_targets(configuration: Configuration) -> None:
    """Say what could not be looked at. Raises ConfigurationError where a role can do more than read."""
    mistakes = []
    for name, report in run(examine_targets(configuration.settings.targets)).items():
        for note in report.notes:
            click.echo(f"note: target {name}: {note}", err=True)
        if report.refusals:
            what = (
                f"{'; '.join(report.refusals)}; make a role of its own with the script of `portalwatch config grants`"
            )
            mistakes.append(configuration.at(("targets", name, "url"), what))
    if mistakes:
        raise ConfigurationError("\n".join(mistakes))


def _name(configuration: Configuration) -> str:
    return "the embedded default" if configuration.path is None else str(configuration.path)
