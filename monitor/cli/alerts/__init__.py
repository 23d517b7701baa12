"""`portalwatch alerts`: the commands of the group, and those on one alert: list, show, ack, resolve."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import click

from alerts import STANDING, AlertClosedError, AlertNotFoundError, AlertRecord, AlertState, Transition
from alerts.postgres import PostgresAlerts
from monitor.cli.alerts.backtest import backtest
from monitor.cli.alerts.channel import preview, test
from monitor.cli.alerts.history import history
from monitor.cli.alerts.opened import stored_alerts
from monitor.cli.alerts.schedule import schedule
from monitor.cli.alerts.silence import silence, silences, unsilence
from monitor.cli.context import configured, with_store
from monitor.cli.options import config_option, format_option
from monitor.cli.tables import print_table
from monitor.clock import SystemClock
from monitor.errors import ConfigurationError
from monitor.user import user_name
from monitor.web.status import alert_documents

# Of what is open nothing may be missing, so many alerts as one fault can make; of what ended, the latest.
_MOST = 1000


@click.group(
    commands=[silence, silences, unsilence, test, preview, schedule, history, backtest],
    epilog="Example: portalwatch alerts list",
)
def alerts() -> None:
    """What fired, who was told, and who has it in hand."""


@alerts.command("list", epilog="Example: portalwatch alerts list --all")
@click.option("--all", "everything", is_flag=True, help="Resolved ones too.")
@format_option()
@config_option
def list_(everything: bool, output_format: str, config: Path | None) -> None:
    """Alerts, the newest first."""
    configuration = configured(config)
    states = tuple(AlertState) if everything else STANDING

    async def act(pool: asyncpg.Pool) -> list[AlertRecord]:
        return await stored_alerts(configuration, pool).list_alerts(states, limit=_MOST)

    records = with_store(configuration, act)
    if output_format == "json":
        click.echo(json.dumps(alert_documents(records), default=str, indent=2))
        return
    if not records:
        click.echo("No alert.", err=True)
        return
    print_table(
        ["id", "state", "tier", "since", "what"],
        [
            [one.id, one.state, one.tier, f"{one.fired_at or one.opened_at:%Y-%m-%d %H:%M} UTC", one.summary]
            for one in (record.alert for record in records)
        ],
    )


@alerts.command(epilog="Example: portalwatch alerts show 1f2e3d4c5b6a")
@click.argument("alert_id", metavar="ID")
@format_option()
@config_option
def show(alert_id: str, output_format: str, config: Path | None) -> None:
    """One alert with everything that happened to it."""
    configuration = configured(config)

    async def act(pool: asyncpg.Pool) -> AlertRecord | None:
        return await stored_alerts(configuration, pool).find_alert(alert_id)

    record = with_store(configuration, act)
    if record is None:
        raise ConfigurationError(f"there is no alert {alert_id}")
    if output_format == "json":
        click.echo(json.dumps(alert_documents([record])[0], default=str, indent=2))
        return
    click.echo(f"{record.alert.summary}\n{record.alert.state}, {record.alert.tier}")
    print_table(
        ["at", "event", "channel", "by", "detail"],
        [
            [f"{one.at:%Y-%m-%d %H:%M:%S} UTC", one.event, one.channel or "", one.by or "", one.detail]
            for one in record.events
        ],
    )


@alerts.command(epilog="Example: portalwatch alerts ack 1f2e3d4c5b6a")
@click.argument("alert_id", metavar="ID")
@click.option("--by", default=user_name, help="Who has it in hand [default: you].")
@config_option
def ack(alert_id: str, by: str, config: Path | None) -> None:
    """Acknowledge an alert: everything that is still to be sent for it stops."""
    _change(config, lambda store: store.acknowledge(alert_id, by, SystemClock().now()))
    click.echo(f"acknowledged by {by}")


@alerts.command(epilog="Example: portalwatch alerts resolve 1f2e3d4c5b6a")
@click.argument("alert_id", metavar="ID")
@click.option("--by", default=user_name, help="Who says that it is over [default: you].")
@config_option
def resolve(alert_id: str, by: str, config: Path | None) -> None:
    """End an alert by hand; everybody who was told hears of it. What is still bad opens another one."""
    _change(config, lambda store: store.resolve(alert_id, by, SystemClock().now()))
    click.echo(f"resolved by {by}")


def _change(config: Path | None, change: Callable[[PostgresAlerts], Awaitable[Transition]]) -> None:
    """Raises ConfigurationError where there is no such alert, or nothing to change about it."""
    configuration = configured(config)

    async def act(pool: asyncpg.Pool) -> None:
        await change(stored_alerts(configuration, pool))

    try:
        with_store(configuration, act)
    except (AlertNotFoundError, AlertClosedError) as error:
        raise ConfigurationError(str(error)) from error
