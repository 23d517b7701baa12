"""`portalwatch deploy gate`."""

import json
from dataclasses import asdict
from pathlib import Path

import asyncpg
import click

from monitor.cli.context import configured, with_store
from monitor.cli.deploy.driving import by_option, change, deployments, gating, say
from monitor.cli.options import config_option, format_option
from monitor.cli.tables import print_table
from monitor.clock import SystemClock
from monitor.deployment.actions import due_gate, judge_gate, override_gate
from monitor.errors import ExitCode
from thresholds.deployment.gate import GateResult, GateState

CODES = {
    GateState.OPEN: ExitCode.WELL,
    GateState.CLOSED: ExitCode.FINDING,
    GateState.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
}


@click.command(epilog="Example: portalwatch deploy gate --override --by 'A. Lead' --reason 'known, mended tonight'")
@click.option("--override", is_flag=True, help="Let it be passed although it is not open; needs --by and --reason.")
@click.option("--reason", default="", help="Why it is overridden; it is kept and stands in the report.")
@by_option
@format_option()
@config_option
def gate(override: bool, reason: str, by: str, output_format: str, config: Path | None) -> ExitCode:
    """Evaluate the gate that is due: 0 open, 1 closed, 3 inconclusive, with the reasons."""
    configuration = configured(config)
    if override:
        now = SystemClock().now()
        change(configuration, lambda one: override_gate(one, by, reason, now))
        click.echo(f"overridden by {by}: {reason.strip()}")
        return ExitCode.WELL

    async def act(pool: asyncpg.Pool) -> GateResult:
        store = deployments(configuration, pool)
        async with store.alone("capturing"):
            deployment = await store.current()
            due = due_gate(deployment)
            say(f"evaluating the gate {due}")
            result = await gating(configuration, pool, say).judge(deployment, due)
            seen = deployment.number
            await store.change(lambda one: judge_gate(one, result, by, seen), SystemClock().now())
            return result

    result = with_store(configuration, act)
    _print(result, output_format)
    return CODES[result.state]


def _print(result: GateResult, output_format: str) -> None:
    if output_format == "json":
        document = {
            "gate": str(result.gate),
            "state": result.state,
            "at": result.at,
            "conditions": [asdict(one) for one in result.conditions],
            "captures": list(result.captures),
            "advice": result.advice,
        }
        click.echo(json.dumps(document, default=str, indent=2))
        return
    rows = [[one.condition, one.state, "\n".join(one.reasons)] for one in result.conditions]
    print_table(["condition", "state", "why"], rows)
    click.echo(f"The gate {result.gate} is {result.state}.")
    if result.advice is not None and result.state is not GateState.OPEN:
        click.echo(f"Advice: {result.advice['action']}: {result.advice['reason']}")
