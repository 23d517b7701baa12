"""What the commands of a deployment open before they do their one thing."""

from collections.abc import Callable

import asyncpg
import click

from monitor.cli.context import with_store
from monitor.cli.options import F
from monitor.cli.progress import TerminalProgress
from monitor.clock import SystemClock
from monitor.comparing import Figures
from monitor.configuration import Configuration
from monitor.deployment.actions import break_gate
from monitor.deployment.deployment import Deployment
from monitor.deployment.gating import Gating
from monitor.deployment.postgres import Decide, PostgresDeployments
from monitor.user import user_name
from probes import series_of
from thresholds.deployment.gate import Condition, GateState


def by_option(command: F) -> F:
    """`--by NAME`: who does it."""
    return click.option("--by", default=user_name, help="Who does it [default: you].")(command)


def deployments(configuration: Configuration, pool: asyncpg.Pool) -> PostgresDeployments:
    """The deployments of what is watched."""
    return PostgresDeployments(pool, configuration.settings.environment)


def change(configuration: Configuration, decide: Decide) -> Deployment:
    """Do something to the open deployment; how it stands then. Raises what `decide` raises."""

    async def act(pool: asyncpg.Pool) -> Deployment:
        return await deployments(configuration, pool).change(decide, SystemClock().now())

    return with_store(configuration, act)


def gating(configuration: Configuration, pool: asyncpg.Pool, say: Callable[[str], None]) -> Gating:
    """What evaluates gates. Raises ConfigurationError."""
    figures = Figures.load(configuration, series_of(configuration.settings.probes))
    return Gating(configuration, figures, pool, SystemClock(), TerminalProgress(), say)


def say(text: str) -> None:
    """What a person who waits wants to know; not a part of the result."""
    click.echo(text, err=True)


async def look_again(configuration: Configuration, pool: asyncpg.Pool, by: str) -> None:
    """Limits hold while everybody waits: what broke since the gate was opened closes it, before anybody passes."""
    store = deployments(configuration, pool)
    deployment = await store.find()
    due = None if deployment is None else deployment.due_gate
    if deployment is None or due is None or Condition.LIMITS not in deployment.plan.asked(due):
        return
    if deployment.gate_state(due, SystemClock().now()) is not GateState.OPEN:
        return
    result = await gating(configuration, pool, say).limits()
    if result.state is GateState.CLOSED:
        await store.change(lambda one: break_gate(one, result.reasons, by), SystemClock().now())
