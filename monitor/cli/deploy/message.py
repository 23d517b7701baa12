"""`portalwatch deploy message`."""

from pathlib import Path
from random import Random

import asyncpg
import click

from alerts import (
    Announced,
    Announcement,
    ChannelError,
    announce,
    blanks,
    preview_announcement,
)
from monitor.alerting import configured_channels
from monitor.cli.context import configured, with_store
from monitor.cli.deploy.driving import by_option, deployments
from monitor.cli.options import config_option
from monitor.clock import SystemClock
from monitor.configuration import Configuration
from monitor.deployment.deployment import Deployment
from monitor.deployment.messages import emergency_notice, sent_event, status_update
from monitor.errors import ConfigurationError, ExitCode
from monitor.exporter import Exporter
from probes import series_of


@click.command(epilog="Example: portalwatch deploy message emergency --impact 'no log-in since 14:05' --send")
@click.argument("kind", type=click.Choice(["status", "emergency"]))
@click.option("--mitigation", help="status: what is done about the issues.")
@click.option("--issue", help="emergency: what is wrong [default: what is known of it].")
@click.option("--impact", help="emergency: what that means for people.")
@click.option("--action", help="emergency: what was done [default: the rollback that was decided].")
@click.option("--expected", help="emergency: when it should be over [default: the rollback's time limit].")
@click.option("--send", is_flag=True, help="Send it; without it, it is shown.")
@by_option
@config_option
def message(
    kind: str,
    mitigation: str | None,
    issue: str | None,
    impact: str | None,
    action: str | None,
    expected: str | None,
    send: bool,
    by: str,
    config: Path | None,
) -> ExitCode:
    """Show a message as it would arrive, filled from what is known, or send it to the channels of the plan."""
    configuration = configured(config)
    channels = configured_channels(configuration, _observer(configuration))

    def written(deployment: Deployment) -> Announcement:
        now = SystemClock().now()
        if kind == "status":
            return status_update(deployment, now, mitigation=mitigation)
        return emergency_notice(
            deployment, now, issue=issue, impact=impact, action_taken=action, expected_resolution=expected
        )

    async def act(pool: asyncpg.Pool) -> dict[str, Announced] | None:
        store = deployments(configuration, pool)
        deployment = await store.current()
        told = written(deployment)
        click.echo(preview_announcement(told))
        if not send:
            return None
        if missing := blanks(told):
            raise ConfigurationError(f"not sent, because something in it is blank: {', '.join(missing)}")
        contacts = deployment.plan.contacts
        names = contacts.status if kind == "status" else contacts.emergency
        found = await announce(
            told, channels, names, clock=SystemClock(), observer=_observer(configuration), random=Random()
        )
        await store.change(lambda _: [sent_event(kind, found, by)], SystemClock().now())
        return found

    try:
        found = with_store(configuration, act)
    except ChannelError as error:
        raise ConfigurationError(str(error)) from error
    if found is None:
        return ExitCode.WELL
    for name, one in found.items():
        click.echo(f"{name}: {_outcome(name, one)}", err=True)
    return ExitCode.CANNOT_RUN if any(one.channel is None for one in found.values()) else ExitCode.WELL


def _outcome(name: str, told: Announced) -> str:
    if told.channel is None:
        return f"not delivered: {'; '.join(one.error for one in told.attempts.values())}"
    return "delivered" if told.channel == name else f"delivered by {told.channel}"


def _observer(configuration: Configuration) -> Exporter:
    return Exporter(series_of(configuration.settings.probes), version="")
