"""`portalwatch deploy advise`."""

import json
from pathlib import Path
from typing import Any

import asyncpg
import click

from monitor.cli.context import configured, with_store
from monitor.cli.deploy.driving import by_option, deployments, gating, say
from monitor.cli.options import config_option, format_option
from monitor.clock import SystemClock
from monitor.deployment.actions import advise as advised_event
from monitor.deployment.gating import advice_document
from monitor.errors import ExitCode
from thresholds import Action

_CODES = {
    Action.CONTINUE: ExitCode.WELL,
    Action.HOLD: ExitCode.FINDING,
    Action.ROLLBACK: ExitCode.FINDING,
    Action.UNDECIDED: ExitCode.INCONCLUSIVE,
}


@click.command(epilog="Example: portalwatch deploy advise --format json")
@by_option
@format_option()
@config_option
def advise(by: str, output_format: str, config: Path | None) -> ExitCode:
    """What the rollback matrix says of the system now. 0: continue. 1: hold or roll back. 3: undecided.

    Nothing is ever rolled back by this: who decides, and how long it may take, stands beside it.
    """
    configuration = configured(config)

    async def act(pool: asyncpg.Pool) -> dict[str, Any]:
        store = deployments(configuration, pool)
        async with store.alone("capturing"):
            deployment = await store.current()
            say(f"capturing, to be held against {deployment.before}")
            name = f"{deployment.name}-advice"
            found = await gating(configuration, pool, say).advise(deployment, name, deployment.plan.profile)
            document = advice_document(found)
            await store.change(lambda one: advised_event(one, document, by), SystemClock().now())
            return document

    advice = with_store(configuration, act)
    if output_format == "json":
        click.echo(json.dumps(advice, indent=2))
    else:
        click.echo(f"{advice['action']}: {advice['reason']}")
        for sentence in advice["evidence"]:
            click.echo(f"  {sentence}")
    return _CODES[Action(advice["action"])]
