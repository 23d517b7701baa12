"""`portalwatch baseline approve`."""

from datetime import timedelta
from pathlib import Path

import asyncpg
import click

from baselines import Verdict
from baselines.postgres import PostgresBaselines
from baselines.postgres_ledger import PostgresLedger
from monitor.approving import Approved, approve_baseline
from monitor.cli.context import configured, with_store
from monitor.cli.duration import duration
from monitor.cli.options import config_option
from monitor.clock import SystemClock
from monitor.comparing import Comparing, Figures
from monitor.user import user_name
from probes import series_of


@click.command(epilog="Example: portalwatch baseline approve before-v42 --expires 30d")
@click.argument("name")
@click.option("--by", default=user_name, help="Who approves [default: you].")
@click.option(
    "--expires",
    callback=duration,
    metavar="DURATION",
    help="How long the approval holds, such as 30d [default: for good].",
)
@click.option("--force", metavar="REASON", help="Approve a regression; the reason is kept.")
@config_option
def approve(name: str, by: str, expires: timedelta | None, force: str | None, config: Path | None) -> None:
    """Approve a baseline and make it active: the service holds its measurements against it.

    It is first compared with the one that is active, and refused where it is worse.
    """
    configuration = configured(config)
    figures = Figures.load(configuration, series_of(configuration.settings.probes))

    async def act(pool: asyncpg.Pool) -> Approved:
        comparing = Comparing(figures=figures, store=PostgresBaselines(pool), ledger=PostgresLedger(pool))
        return await approve_baseline(comparing, name, by=by, clock=SystemClock(), lifetime=expires, force=force)

    approved = with_store(configuration, act)
    if approved.comparison is not None:
        undecided = [one.series.name for one in approved.comparison.having(Verdict.INCONCLUSIVE)]
        if undecided:
            before = approved.comparison.before
            click.echo(f"Whether it is worse than {before!r} is undecided for: {', '.join(undecided)}", err=True)
    expires_at = approved.approval.expires_at
    until = "" if expires_at is None else f" until {expires_at:%Y-%m-%d %H:%M} UTC"
    click.echo(f"{name} is approved by {by} and active{until}.")
