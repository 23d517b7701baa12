"""`portalwatch deploy checklist`, `sign` and `score`."""

import json
from dataclasses import asdict
from pathlib import Path

import asyncpg
import click

from monitor.cli.context import configured, with_store
from monitor.cli.deploy.driving import by_option, change, deployments, gating, say
from monitor.cli.deploy.gate import CODES
from monitor.cli.options import config_option, format_option
from monitor.cli.tables import print_table
from monitor.configuration import Configuration
from monitor.deployment.actions import sign_off
from monitor.deployment.evaluated import Evaluated
from monitor.errors import ExitCode
from thresholds.deployment.checklist import Outcome


@click.command(epilog="Example: portalwatch deploy checklist --format json")
@format_option()
@config_option
def checklist(output_format: str, config: Path | None) -> ExitCode:
    """The checklist as it stands now. 0: go. 1: abort. 3: something waits for a person or could not be read."""
    result = _read(configured(config)).checklist
    if output_format == "json":
        document = {
            "outcome": result.outcome,
            "reasons": list(result.reasons),
            "items": [
                {
                    "name": one.name,
                    "title": one.title,
                    "status": one.status,
                    "critical": one.critical,
                    "told": one.told,
                }
                for one in result.lines
            ],
        }
        click.echo(json.dumps(document, indent=2))
    else:
        rows = [[one.name, one.status, "critical" if one.critical else "", one.sentence] for one in result.lines]
        print_table(["item", "status", "", "what"], rows)
        ending = {Outcome.GO: "Go.", Outcome.ABORT: "Abort: ", Outcome.WAITING: "Waiting: "}[result.outcome]
        click.echo(f"{ending}{'; '.join(result.reasons)}")
    return CODES[result.state]


@click.command(epilog="Example: portalwatch deploy sign backup_verified --by 'A. Lead' --note 'restored to a clone'")
@click.argument("item")
@click.option("--failed", is_flag=True, help="It does not hold.")
@click.option("--note", required=True, help="What was looked at.")
@by_option
@config_option
def sign(item: str, failed: bool, note: str, by: str, config: Path | None) -> None:
    """Vouch for ITEM of the checklist, which only a person can, or against it."""
    change(configured(config), lambda one: sign_off(one, item, passed=not failed, note=note, by=by))
    click.echo(f"{item}: {'FAIL' if failed else 'PASS'} by {by}")


@click.command(epilog="Example: portalwatch deploy score")
@format_option()
@config_option
def score(output_format: str, config: Path | None) -> ExitCode:
    """The system health score of 100. 0: it passes. 1: it does not. 3: too much is not known to pass."""
    result = _read(configured(config)).score
    if output_format == "json":
        click.echo(json.dumps({**asdict(result), "passes": result.passes}, indent=2))
    else:
        click.echo(f"{result.score:g} of 100: {result.grade}")
        for one in result.deductions:
            click.echo(f"  −{one.points:g}  {one.sentence}")
        for sentence in (*result.unknown, *result.warnings):
            click.echo(f"      {sentence}")
    if result.passes:
        return ExitCode.WELL
    return ExitCode.INCONCLUSIVE if result.unknown and not result.deductions else ExitCode.FINDING


def _read(configuration: Configuration) -> Evaluated:
    async def act(pool: asyncpg.Pool) -> Evaluated:
        deployment = await deployments(configuration, pool).current()
        return await gating(configuration, pool, say).surroundings(deployment.plan).evaluated(deployment)

    return with_store(configuration, act)
