"""`portalwatch load`."""

import asyncio
import json
import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import asyncpg
import click

from baselines import Baseline
from baselines.postgres import PostgresBaselines
from monitor.cli.context import configured, with_store
from monitor.cli.duration import duration as a_duration
from monitor.cli.options import config_option, format_option
from monitor.cli.progress import TerminalProgress
from monitor.cli.report import write_file
from monitor.cli.tables import print_table
from monitor.clock import SystemClock
from monitor.comparing import Figures
from monitor.configuration import Configuration
from monitor.errors import CannotRunError, ConfigurationError, ExitCode
from monitor.event_loop import run, settle
from monitor.load.document import COLUMNS, document, rows, told
from monitor.load.plan import load_plan, require_consent
from monitor.load.report import judged
from monitor.load.running import LoadMeasured, LoadRunning
from probes import series_of
from thresholds.load import read_load_figures


@click.command(epilog="Example: portalwatch load --users 4 --duration 60s")
@click.option(
    "--users", type=click.IntRange(1), metavar="N", help="Virtual users at the same time [default: by scenario]."
)
@click.option(
    "--duration", callback=a_duration, metavar="TIME", help="How long, such as 60s or 5min [default: by scenario]."
)
@click.option("--scenario", metavar="NAME", help="What they do [default: the mildest that is meant for so many users].")
@click.option("--target", metavar="NAME", help="Whom to load [default: load.target, else the only one with a log-in].")
@click.option("--baseline", metavar="NAME", help="The baseline to compare with [default: the active one].")
@click.option("--yes", is_flag=True, help="Load a host that is not this machine.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="A file for the result as JSON.")
@format_option()
@config_option
def load(
    users: int | None,
    duration: timedelta | None,
    scenario: str | None,
    target: str | None,
    baseline: str | None,
    yes: bool,
    output: Path | None,
    output_format: str,
    config: Path | None,
) -> ExitCode:
    """Load the portal as its users do, and say what it makes of that.

    0: all well. 1: calls fail, a limit is broken, or it degrades ungracefully. 3: the calls show neither. 4: the target
    can't be reached.
    """
    configuration = configured(config)
    figures, shipped = Figures.load(configuration, series_of(configuration.settings.probes)), read_load_figures()
    seconds = None if duration is None else duration.total_seconds()
    plan = load_plan(configuration, shipped, scenario=scenario, users=users, duration=seconds, target=target)
    require_consent(plan, yes=yes)
    if output is not None:
        _require_writable(output)
    before = _baseline(configuration, baseline)

    async def act(advanced: Callable[[], None]) -> LoadMeasured:
        ticking = asyncio.create_task(_tick(advanced))
        try:
            return await LoadRunning(plan, SystemClock(), random.Random()).carry_out()
        finally:
            ticking.cancel()

    settle()
    with TerminalProgress().track(f"{plan.scenario}: {plan.users} users", round(plan.seconds)) as advanced:
        measured = run(act(advanced))
    report = judged(plan, measured, shipped, figures, configuration.settings, before)
    text = json.dumps(document(report), indent=2)
    if output is not None:
        write_file(f"{text}\n".encode(), output)
    if output_format == "json":
        click.echo(text)
    else:
        print_table(COLUMNS, rows(report))
        click.echo("\n".join(told(report)))
    return report.code


def _require_writable(output: Path) -> None:
    """Before half an hour of load, not after it."""
    try:
        output.open("a").close()
    except OSError as error:
        raise ConfigurationError(f"{output} can't be written: {error.strerror}") from error


async def _tick(advanced: Callable[[], None]) -> None:
    while True:
        await asyncio.sleep(1)
        advanced()


def _baseline(configuration: Configuration, name: str | None) -> Baseline | None:
    """The baseline of that name, else the active one; None, with a note, where there is none to be had."""

    async def fetch(pool: asyncpg.Pool) -> Baseline | None:
        store = PostgresBaselines(pool)
        wanted = name or await store.active(configuration.settings.environment)
        return None if wanted is None else await store.load(wanted)

    try:
        found = with_store(configuration, fetch)
    except CannotRunError as error:
        if name is not None:
            raise
        click.echo(f"note: no baseline to compare with: {error}", err=True)
        return None
    if found is None:
        click.echo("note: no baseline to compare with: none is active", err=True)
    return found
