"""`portalwatch check`."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from monitor.cli.context import configured
from monitor.cli.options import config_option, format_option
from monitor.cli.tables import print_table
from monitor.clock import SystemClock
from monitor.comparing import Figures
from monitor.configuration import Configuration
from monitor.errors import ConfigurationError, ExitCode
from monitor.event_loop import run
from monitor.health import Health, Status, validate
from probes import ProbeSet, series_of


@click.command(epilog="Example: portalwatch check --format json")
@format_option()
@config_option
def check(output_format: str, config: Path | None) -> ExitCode:
    """One system health validation now: every component PASS, WARNING or FAIL with its figures."""
    configuration = configured(config)
    if not configuration.settings.probes:
        raise ConfigurationError("nothing to check: the configuration has no probes")
    health = run(_validate(configuration))
    if output_format == "json":
        components = [{**asdict(one), "status": one.status} for one in health.components]
        click.echo(json.dumps({"components": components, "unreachable": health.unreachable}, indent=2))
    else:
        rows = [[one.name, line.status, line.name, line.detail] for one in health.components for line in one.checks]
        print_table(["component", "status", "check", "figure"], rows)
        click.echo(", ".join(f"{one.name}: {one.status}" for one in health.components))
    if health.unreachable:
        click.echo(f"portalwatch: can't be reached: {', '.join(health.unreachable)}", err=True)
        return ExitCode.CANNOT_RUN
    failed = any(one.status is Status.FAIL for one in health.components)
    return ExitCode.FINDING if failed else ExitCode.WELL


async def _validate(configuration: Configuration) -> Health:
    settings, clock = configuration.settings, SystemClock()
    figures = Figures.load(configuration, series_of(settings.probes))
    async with ProbeSet(settings.probes, settings.targets, clock) as probes:
        return await validate(settings, figures, probes, clock)
