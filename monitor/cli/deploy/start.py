"""`portalwatch deploy start NAME`."""

import os
from pathlib import Path

import asyncpg
import click

from baselines.postgres import PostgresBaselines
from monitor.cli.context import configured, with_store
from monitor.cli.deploy.driving import by_option, deployments, say
from monitor.cli.options import config_option
from monitor.cli.progress import TerminalProgress
from monitor.clock import SystemClock
from monitor.deployment.deployment import Deployment
from monitor.deployment.opening import Opening
from monitor.deployment.plan_file import check_plan, read_plan
from monitor.deployment.wording import next_step


@click.command(epilog="Example: portalwatch deploy start v42 --plan migration --before nightly")
@click.argument("name")
@click.option(
    "--plan", "plan_name", required=True, metavar="PLAN", help="A file, or a plan that comes along (`deploy plan`)."
)
@click.option("--before", metavar="BASELINE", help="Baseline it is held against [default: captured now, NAME-before].")
@by_option
@config_option
def start(name: str, plan_name: str, before: str | None, by: str, config: Path | None) -> None:
    """Open a deployment: its baseline is captured, and what must not get lost is counted."""
    configuration = configured(config)
    plan = read_plan(plan_name, os.environ)
    check_plan(plan, configuration.settings)

    async def act(pool: asyncpg.Pool) -> Deployment:
        opening = Opening(configuration, pool, SystemClock(), TerminalProgress(), say)
        await opening.require_free(deployments(configuration, pool), name)
        baseline = before or await opening.capture(f"{name}-before", plan)
        await PostgresBaselines(pool).load(baseline)
        return await opening.open(deployments(configuration, pool), name, plan, baseline, by)

    opened = with_store(configuration, act)
    click.echo(f"{opened.name}: {plan.title}, {len(opened.phases)} phases, held against {opened.before}")
    click.echo(next_step(opened, SystemClock().now()))
