"""`portalwatch alerts schedule`: what is ahead of an alert if nobody does anything."""

import json
from dataclasses import asdict
from datetime import datetime
from itertools import islice
from pathlib import Path

import asyncpg
import click

from alerts import STANDING, Mutes, Upcoming
from alerts.steps import schedule as steps_ahead
from monitor.cli.alerts.opened import policy_of, stored_alerts
from monitor.cli.context import configured, with_store
from monitor.cli.options import config_option, format_option
from monitor.cli.tables import print_table
from monitor.clock import SystemClock
from monitor.errors import ConfigurationError


@click.command(epilog="Example: portalwatch alerts schedule 1f2e3d4c5b6a")
@click.argument("alert_id", metavar="ID")
@click.option("--steps", type=click.IntRange(1, 100), default=6, show_default=True, help="How many steps, at most.")
@format_option()
@config_option
def schedule(alert_id: str, steps: int, output_format: str, config: Path | None) -> None:
    """Who will be told next of an alert, and when, if nobody acknowledges it and nothing gets better."""
    configuration = configured(config)

    async def act(pool: asyncpg.Pool) -> list[Upcoming] | None:
        store = stored_alerts(configuration, pool)
        record = await store.find_alert(alert_id)
        if record is None:
            return None
        standing = await store.list_alerts(STANDING, limit=1000)
        silences, policy = await store.list_silences(SystemClock().now()), policy_of(configuration)
        mutes = Mutes(policy, silences, (one.alert for one in standing))
        return list(islice(steps_ahead(record.alert, policy, mutes), steps))

    ahead = with_store(configuration, act)
    if ahead is None:
        raise ConfigurationError(f"there is no alert {alert_id}")
    if output_format == "json":
        click.echo(json.dumps([asdict(one) for one in ahead], default=_written, indent=2))
        return
    if not ahead:
        click.echo("Nothing is ahead of it.", err=True)
        return
    print_table(
        ["at", "what", "tier", "channels"],
        [
            [f"{one.at:%Y-%m-%d %H:%M:%S} UTC", one.reason, one.tier, ", ".join(one.channels) or "nobody"]
            for one in ahead
        ],
    )


def _written(one: object) -> str:
    return one.isoformat() if isinstance(one, datetime) else str(one)
