"""`portalwatch deploy rollback` and `finish`."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import asyncpg
import click

from monitor.cli.alerts.opened import stored_alerts
from monitor.cli.context import configured, with_store
from monitor.cli.deploy.driving import by_option, change, deployments, look_again
from monitor.cli.options import config_option
from monitor.clock import SystemClock
from monitor.deployment.actions import close, decide_rollback, finish_recovery, go_live
from monitor.deployment.deployment import Deployment, Outcome, Stage
from monitor.deployment.event import NewEvent
from monitor.deployment.wording import next_step
from monitor.errors import ConfigurationError


@click.command(epilog="Example: portalwatch deploy rollback --by 'A. Lead' --reason 'valuations four times slower'")
@click.option("--reason", required=True, help="Why; it is kept and stands in the report.")
@by_option
@config_option
def rollback(reason: str, by: str, config: Path | None) -> None:
    """Keep that it was decided to roll back. People carry it out; the next gate is that of the recovery."""
    deployment = change(configured(config), lambda one: decide_rollback(one, by, reason))
    click.echo(next_step(deployment, SystemClock().now()))


@click.command(epilog="Example: portalwatch deploy finish")
@click.option("--early", is_flag=True, help="End the watch after going live before its time.")
@click.option("--abandon", metavar="REASON", help="End a deployment that comes to nothing.")
@by_option
@config_option
def finish(early: bool, abandon: str | None, by: str, config: Path | None) -> None:
    """Go live through the last gate; after a rollback, end it through the gate of the recovery; or end the watch."""
    configuration = configured(config)

    async def act(pool: asyncpg.Pool) -> Deployment:
        if abandon is None:
            await look_again(configuration, pool, by)
        now = SystemClock().now()
        decide = lambda one: _finished(one, by, now, early=early, abandon=abandon)  # noqa: E731
        deployment = await deployments(configuration, pool).change(decide, now)
        if deployment.outcome is not None:
            await stored_alerts(configuration, pool).end_silences_of(deployment.name, now)
        return deployment

    deployment = with_store(configuration, act)
    click.echo(next_step(deployment, SystemClock().now()))


def _finished(
    deployment: Deployment, by: str, now: datetime, *, early: bool, abandon: str | None
) -> Sequence[NewEvent]:
    if abandon is not None:
        return close(deployment, by, Outcome.ABANDONED, {"reason": abandon})
    match deployment.stage:
        case Stage.ROLLING_BACK:
            return finish_recovery(deployment, by, now)
        case Stage.WATCHING:
            until = deployment.watched_until
            if until is not None and now < until and not early:
                raise ConfigurationError(
                    f"{deployment.name} is watched until {until:%Y-%m-%d %H:%M} UTC; --early ends that now"
                )
            return close(deployment, by, Outcome.SUCCEEDED, {})
        case _:
            return go_live(deployment, by, now)
