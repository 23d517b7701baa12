"""`portalwatch explain SERIES`."""

import json
from difflib import get_close_matches
from pathlib import Path

import asyncpg
import click

from baselines import Series, SeriesRegistry
from monitor.cli.context import configured, with_store
from monitor.cli.explain_document import document
from monitor.cli.explain_report import Explanation, print_explanation
from monitor.cli.options import config_option, format_option
from monitor.cli.progress import TerminalProgress
from monitor.clock import SystemClock
from monitor.comparing import Figures
from monitor.configuration import Configuration
from monitor.errors import CannotRunError, ConfigurationError, ExitCode
from monitor.explaining import Today, look_at_today
from probes import series_of


@click.command(epilog="Example: portalwatch explain database_queries.portfolio_summary")
@click.argument("series")
@format_option()
@config_option
def explain(series: str, output_format: str, config: Path | None) -> ExitCode:
    """Which rules are held against SERIES, from which line, with today's figures and whom they would wake.

    0: nobody. 1: somebody would be told. 2: there is no such series. 4: the store can't be reached; the rules are shown
    all the same.
    """
    configuration = configured(config)
    registry = series_of(configuration.settings.probes)
    figures = Figures.load(configuration, registry)
    one = _named(registry, series)
    today, trouble = _today(configuration, figures, registry, one)
    explanation = Explanation(configuration, figures, one, today)
    if output_format == "json":
        click.echo(json.dumps(document(explanation), indent=2))
    else:
        print_explanation(explanation)
    if trouble is not None:
        click.echo(f"portalwatch: {trouble}", err=True)
        return ExitCode.CANNOT_RUN
    return ExitCode.FINDING if explanation.would_wake else ExitCode.WELL


def _named(registry: SeriesRegistry, name: str) -> Series:
    """Raises ConfigurationError that names the closest."""
    if name in registry:
        return registry[name]
    near = get_close_matches(name, registry, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(registry) or 'none'}"
    raise ConfigurationError(f"there is no series {name!r}; {hint}")


def _today(
    configuration: Configuration, figures: Figures, registry: SeriesRegistry, series: Series
) -> tuple[Today | None, CannotRunError | None]:
    """Today's figures, or why there are none."""

    async def look(pool: asyncpg.Pool) -> Today:
        return await look_at_today(configuration, figures, registry, series, pool, SystemClock().now())

    try:
        with TerminalProgress().track("reading the last hour", 1):
            return with_store(configuration, look), None
    except CannotRunError as error:
        return None, error
