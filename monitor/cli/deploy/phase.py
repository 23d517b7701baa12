"""`portalwatch deploy phase NAME`."""

from pathlib import Path

import asyncpg
import click

from monitor.cli.context import configured, with_store
from monitor.cli.deploy.driving import by_option, deployments, look_again
from monitor.cli.options import config_option
from monitor.clock import SystemClock
from monitor.deployment.actions import begin_phase, end_phase
from monitor.deployment.deployment import Deployment
from monitor.deployment.phase import PhaseStatus
from monitor.deployment.wording import next_step

_STATUSES = [one.value for one in PhaseStatus if one is not PhaseStatus.PENDING]


@click.command(epilog="Example: portalwatch deploy phase phase_3 --as completed")
@click.argument("name")
@click.option(
    "--as",
    "status",
    type=click.Choice(_STATUSES),
    default=PhaseStatus.STARTED.value,
    show_default=True,
    help="What it has become.",
)
@by_option
@config_option
def phase(name: str, status: str, by: str, config: Path | None) -> None:
    """Phase NAME begins, which its gate must allow, or has ended."""
    configuration = configured(config)
    became = PhaseStatus(status)

    async def act(pool: asyncpg.Pool) -> Deployment:
        store = deployments(configuration, pool)
        if became is not PhaseStatus.STARTED:
            return await store.change(lambda one: end_phase(one, name, became, by), SystemClock().now())
        await look_again(configuration, pool, by)
        now = SystemClock().now()
        return await store.change(lambda one: begin_phase(one, name, by, now), now)

    deployment = with_store(configuration, act)
    click.echo(f"{name}: {deployment.phases[name].status}")
    click.echo(next_step(deployment, SystemClock().now()))
