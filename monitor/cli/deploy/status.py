"""`portalwatch deploy status`."""

import json
from pathlib import Path

import asyncpg
import click

from dashboards import Story, deployment_document
from monitor.cli.context import configured, with_store
from monitor.cli.deploy.driving import deployments, gating, say
from monitor.cli.deploy.gate import CODES
from monitor.cli.options import config_option, format_option
from monitor.cli.tables import print_table
from monitor.clock import SystemClock
from monitor.configuration import Configuration
from monitor.deployment.deployment import Deployment, Outcome, Stage
from monitor.deployment.phase import PhaseStatus
from monitor.deployment.story import story_of
from monitor.deployment.wording import next_step
from monitor.errors import ExitCode


@click.command(epilog="Example: portalwatch deploy status --format json")
@click.argument("name", required=False)
@format_option()
@config_option
def status(name: str | None, output_format: str, config: Path | None) -> ExitCode:
    """Where the deployment stands. 0: the next step may be taken. 1: something speaks against it. 3: not known yet."""
    configuration = configured(config)
    now = SystemClock().now()

    async def act(pool: asyncpg.Pool) -> Deployment:
        return await deployments(configuration, pool).current(name)

    deployment = with_store(configuration, act)
    story = story_of(deployment, now)
    if output_format == "json":
        click.echo(json.dumps(deployment_document(story), default=str, indent=2))
        return _code(deployment)
    day = f"day {story.day}" if deployment.outcome is None else f"{deployment.outcome}"
    click.echo(f"{deployment.name}: {deployment.plan.title}, {day}, {story.standing}")
    for sentence in story.why:
        click.echo(f"  {sentence}")
    print_table(
        ["phase", "what", "status", "since", "took", "expected"],
        [
            [
                one.name,
                one.title,
                f"{one.status}{', overdue' if one.is_overdue else ''}",
                "" if one.started_at is None else f"{one.started_at:%Y-%m-%d %H:%M} UTC",
                "" if one.elapsed_seconds is None else _minutes(one.elapsed_seconds),
                f"{_minutes(one.shortest_seconds)} to {_minutes(one.longest_seconds)}",
            ]
            for one in story.phases
        ],
    )
    click.echo(next_step(deployment, now))
    return _code(deployment)


def story_now(configuration: Configuration, name: str | None) -> Story:
    """The deployment as page and report tell it, with checklist and score as they are now where it is open."""

    async def act(pool: asyncpg.Pool) -> Story:
        deployment = await deployments(configuration, pool).current(name)
        surroundings = gating(configuration, pool, say).surroundings(deployment.plan)
        if deployment.outcome is not None:
            return story_of(deployment, SystemClock().now())
        return story_of(deployment, SystemClock().now(), await surroundings.evaluated(deployment))

    return with_store(configuration, act)


def _code(deployment: Deployment) -> ExitCode:
    if deployment.stage is Stage.FINISHED:
        return ExitCode.WELL if deployment.outcome is Outcome.SUCCEEDED else ExitCode.FINDING
    if any(one.status is PhaseStatus.FAILED for one in deployment.phases.values()):
        return ExitCode.FINDING
    gate = deployment.due_gate
    return ExitCode.WELL if gate is None else CODES[deployment.gate_state(gate, SystemClock().now())]


def _minutes(seconds: float) -> str:
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"
