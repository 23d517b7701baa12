"""`portalwatch drift`: list, approve, renew."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from fnmatch import fnmatchcase
from pathlib import Path

import asyncpg
import click

from baselines import Series, SeriesRegistry
from baselines.watcher import Drift
from monitor.cli.context import configured, with_store
from monitor.cli.options import config_option, format_option
from monitor.cli.progress import TerminalProgress
from monitor.cli.tables import print_table
from monitor.clock import SystemClock
from monitor.comparing import Figures
from monitor.configuration import Configuration
from monitor.creep import Creep, Forecast
from monitor.drift import watchable
from monitor.drift_report import (
    NO_REFERENCE,
    approval_told,
    progress_told,
    reference_told,
    since_told,
    standing_document,
)
from monitor.drifting import Drifting, Held, Renewal, Unarmed
from monitor.errors import ConfigurationError, ExitCode, UndecidedError
from monitor.user import user_name
from probes import series_of

_Row = tuple[Series, Held | Unarmed, Sequence[Forecast]]


@click.group(epilog="Example: portalwatch drift list")
def drift() -> None:
    """Watching without end: how the series stand to what they are held against."""


@drift.command("list", epilog="Example: portalwatch drift list --format json")
@format_option()
@config_option
def list_(output_format: str, config: Path | None) -> ExitCode:
    """Every watched series against its reference, and in how many days it crosses a limit.

    0: all are quiet. 1: one is degraded. 3: none is, and one is suspected.
    """
    configuration, figures = _loaded(config)
    series = watchable(figures.series)

    async def act(pool: asyncpg.Pool) -> list[_Row]:
        drifting, now = Drifting(figures, pool), SystemClock().now()
        creep = Creep(figures, configuration.settings.environment, pool)
        held = await drifting.held(series)
        rows: list[_Row] = []
        with TerminalProgress().track("reading what was measured", len(series)) as read:
            async for one, forecasts in creep.forecasts(series, now):
                rows.append((one, held.get(one.name) or await drifting.unarmed(one, now), forecasts))
                read()
        return rows

    rows = with_store(configuration, act)
    if output_format == "json":
        click.echo(json.dumps([_document(*row) for row in rows], indent=2))
    elif rows:
        print_table(
            ["series", "state", "now", "tolerance", "since", "reference", "approved", "forecast"],
            [_cells(*row) for row in rows],
        )
    else:
        click.echo("No probe measures a time again and again, so nothing is watched.", err=True)
    states = {watched.standing.drift for _, watched, _ in rows if isinstance(watched, Held)}
    if Drift.DEGRADED in states:
        return ExitCode.FINDING
    return ExitCode.INCONCLUSIVE if Drift.SUSPECTED in states else ExitCode.WELL


@drift.command(epilog="Example: portalwatch drift approve 'database_queries.*' --by carol")
@click.argument("globs", metavar="[SERIES_GLOB]...", nargs=-1)
@click.option("--by", default=user_name, help="Who approves [default: you].")
@config_option
def approve(globs: Sequence[str], by: str, config: Path | None) -> None:
    """Approve the references that hold now, of the series that fit or of all."""
    configuration, figures = _loaded(config)
    series = _fitting(figures.series, globs)

    async def act(pool: asyncpg.Pool) -> list[str]:
        return await Drifting(figures, pool).approve(series, by=by, now=SystemClock().now())

    approved = with_store(configuration, act)
    for one in series:
        if one.name not in approved:
            click.echo(f"{one.name}: {NO_REFERENCE}", err=True)
    if not approved:
        raise UndecidedError("there is nothing to approve; see `portalwatch drift list`")
    for name in approved:
        click.echo(f"{name}: its reference is approved by {by}")


@drift.command(epilog="Example: portalwatch drift renew 'database_queries.*' --reason 'v42, agreed with carol'")
@click.argument("globs", metavar="SERIES_GLOB...", nargs=-1, required=True)
@click.option("--reason", metavar="TEXT", help="Why; kept with the reference.")
@click.option("--force", metavar="REASON", help="Renew series that are degraded too; the reason is kept.")
@click.option("--by", default=user_name, help="Who renews, and so approves [default: you].")
@config_option
def renew(globs: Sequence[str], reason: str | None, force: str | None, by: str, config: Path | None) -> ExitCode:
    """Take the last 2,500 healthy calls of the series that fit as what they are held against.

    0: all are renewed. 1: one of them is degraded, and nothing is changed. 3: some could not be renewed yet.
    """
    why = reason or force
    if why is None or (reason and force):
        raise ConfigurationError("say why: either with --reason TEXT, or with --force REASON what is degraded too")
    configuration, figures = _loaded(config)
    series = _fitting(figures.series, globs)

    async def act(pool: asyncpg.Pool) -> Renewal:
        return await Drifting(figures, pool).renew(
            series,
            release=configuration.settings.release,
            reason=why,
            by=by,
            now=SystemClock().now(),
            force=force is not None,
        )

    with TerminalProgress().track("reading what was measured", 1):
        renewal = with_store(configuration, act)
    for name, frozen in renewal.taken.items():
        click.echo(
            f"{name}: held against {frozen.taken_from:%Y-%m-%d %H:%M} to {frozen.taken_until:%Y-%m-%d %H:%M} UTC"
        )
    for name, cause in renewal.left.items():
        click.echo(f"{name} is not renewed: {cause}", err=True)
    return ExitCode.INCONCLUSIVE if renewal.left else ExitCode.WELL


def _loaded(config: Path | None) -> tuple[Configuration, Figures]:
    configuration = configured(config)
    return configuration, Figures.load(configuration, series_of(configuration.settings.probes))


def _fitting(registry: SeriesRegistry, globs: Sequence[str]) -> list[Series]:
    """The watched series that fit a pattern, all without one. Raises ConfigurationError where one fits none."""
    series = watchable(registry)
    for glob in globs:
        if not any(fnmatchcase(one.name, glob) for one in series):
            known = ", ".join(one.name for one in series) or "none"
            raise ConfigurationError(f"no watched series fits {glob!r}; there are: {known}")
    return [one for one in series if not globs or any(fnmatchcase(one.name, glob) for glob in globs)]


def _cells(series: Series, watched: Held | Unarmed, forecasts: Sequence[Forecast]) -> list[str]:
    ahead = "; ".join(one.sentence(series.unit) for one in forecasts)
    if isinstance(watched, Unarmed):
        return [series.name, NO_REFERENCE, "", "", "", progress_told(watched), "", ahead]
    return [
        series.name,
        watched.standing.drift,
        watched.ratio_told,
        f"{watched.tolerance:.4g}",
        since_told(watched),
        reference_told(watched),
        approval_told(watched),
        ahead,
    ]


def _document(series: Series, watched: Held | Unarmed, forecasts: Sequence[Forecast]) -> dict[str, object]:
    return {
        "series": series.name,
        **standing_document(watched),
        "forecast": [asdict(one) for one in forecasts],
    }
