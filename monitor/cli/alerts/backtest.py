"""`portalwatch alerts backtest`: who would have been told, and when, under a configuration."""

import json
from collections import Counter
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg
import click

from alerts.backtest import WouldTell
from alerts.backtest import backtest as play
from alerts.postgres_findings import PostgresFindings
from monitor.cli.alerts.opened import policy_of
from monitor.cli.context import configured, with_store
from monitor.cli.duration import duration
from monitor.cli.options import config_option, format_option
from monitor.cli.tables import print_table
from monitor.clock import SystemClock


@click.command(epilog="Example: portalwatch alerts backtest --days 7 --config tried.yml --answered-after 10min")
@click.option("--days", type=click.IntRange(1, 400), default=7, show_default=True, help="How far back.")
@click.option(
    "--answered-after",
    callback=duration,
    help="Somebody acknowledges so long after the first message [default: nobody does].",
)
@format_option()
@config_option
def backtest(days: int, answered_after: timedelta | None, output_format: str, config: Path | None) -> None:
    """Who would have been told in the last days under this configuration, from the findings that were stored.

    Tiers, routes, evidence and targets are those of the configuration; limits are those that were in force then.
    """
    configuration = configured(config)
    policy = policy_of(configuration)
    now = SystemClock().now()

    async def act(pool: asyncpg.Pool) -> list[WouldTell]:
        runs = await PostgresFindings(pool).between(now - timedelta(days=days), now)
        return await play(runs, policy, now, answered_after=answered_after)

    told = with_store(configuration, act)
    if output_format == "json":
        click.echo(json.dumps([asdict(one) for one in told], default=_written, indent=2))
        return
    if told:
        print_table(
            ["at", "what", "tier", "channels", "of"],
            [
                [f"{one.at:%Y-%m-%d %H:%M:%S} UTC", one.reason, one.tier, ", ".join(one.channels), one.summary]
                for one in told
            ],
        )
    tiers = Counter(one.tier for one in told)
    counted = ", ".join(f"{tier} {count}" for tier, count in sorted(tiers.items())) or "nobody would have been told"
    click.echo(f"{days} days: {counted}")


def _written(one: object) -> str:
    return one.isoformat() if isinstance(one, datetime) else str(one)
