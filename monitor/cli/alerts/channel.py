"""`portalwatch alerts test` and `preview`: does a channel work, and what does it say?"""

import asyncio
from datetime import timedelta
from pathlib import Path

import asyncpg
import click

from alerts import Message, Outcome, Style, Tone, compose
from alerts.channels import Channel
from alerts.link import LinkSigner
from alerts.messages.samples import sample_groups
from alerts.postgres_outbox import PostgresOutbox
from monitor.alerting import configured_channels, link_signer
from monitor.cli.alerts.opened import policy_of
from monitor.cli.context import configured, with_store
from monitor.cli.duration import duration
from monitor.cli.options import config_option
from monitor.clock import SystemClock
from monitor.configuration import Configuration
from monitor.errors import ConfigurationError, ExitCode
from monitor.exporter import Exporter
from monitor.user import user_name
from probes import series_of
from thresholds import Level

_LOOK_SECONDS = 1.0


@click.command(epilog="Example: portalwatch alerts test sms-on-call")
@click.argument("channel", metavar="CHANNEL")
@click.option(
    "--wait",
    callback=duration,
    default="10min",
    show_default=True,
    help="How long the link in the message is waited for.",
)
@config_option
def test(channel: str, wait: timedelta, config: Path | None) -> int:
    """Send a real message over one channel, and wait until somebody opens the link in it and presses its button.

    The service must run, for the link leads to it. Exit code 1 where the message does not arrive, 3 where nobody opens
    the link. Where no links are configured, the delivery is all that is proved.
    """
    configuration = configured(config)
    chosen = _channel(configuration, channel)
    signer = link_signer(configuration.settings)
    if signer is None:
        code = asyncio.run(_send(chosen, None))
        if code is ExitCode.WELL:
            click.echo("no link was proved: public_url and signing_key are not configured", err=True)
        return code
    return with_store(configuration, lambda pool: _prove(configuration, chosen, signer, pool, wait))


@click.command(epilog="Example: portalwatch alerts preview --style sms")
@click.option("--style", type=click.Choice([one.value for one in Style]), help="Only this one [default: those in use].")
@click.option("--channel", help="As this channel would say it.")
@config_option
def preview(style: str | None, channel: str | None, config: Path | None) -> None:
    """Show messages as they would arrive, for a handful of alerts; nothing is sent."""
    configuration = configured(config)
    channels = configuration.settings.alerts.channels
    if channel is not None:
        styles = [_channel(configuration, channel).settings.written_as]
    elif style is not None:
        styles = [Style(style)]
    else:
        styles = sorted({one.written_as for one in channels.values()}) or list(Style)
    for one in styles:
        named = ", ".join(name for name, settings in channels.items() if settings.written_as is one)
        click.secho(f"━━ {one}{f' ({named})' if named else ''}", bold=True)
        for told in sample_groups(SystemClock().now()):
            message = compose(told, one, acknowledge="https://watch.example/ack/…")
            click.secho(f"\n{message.title}", bold=True)
            click.echo(message.body)
        click.echo()


async def _prove(
    configuration: Configuration, channel: Channel, signer: LinkSigner, pool: asyncpg.Pool, wait: timedelta
) -> ExitCode:
    clock = SystemClock()
    outbox = PostgresOutbox(pool, policy_of(configuration), "command line")
    url, link = signer.issue(channel.name, {}, clock.now())
    await outbox.keep_link(link)
    code = await _send(channel, url)
    if code is not ExitCode.WELL:
        return code
    click.echo(f"delivered; waiting {wait} for somebody to open the link and press the button", err=True)
    until = clock.monotonic() + wait.total_seconds()
    while clock.monotonic() < until:
        found = await outbox.find_link(link.digest)
        if found is not None and found.used_at is not None:
            click.echo(f"{channel.name} works: delivered, and its link was opened")
            return ExitCode.WELL
        await asyncio.sleep(_LOOK_SECONDS)
    click.echo(f"{channel.name}: delivered, but nobody opened the link within {wait}")
    return ExitCode.INCONCLUSIVE


async def _send(channel: Channel, link: str | None) -> ExitCode:
    opened = f"\nPlease open it and press its button: {link}" if link else ""
    message = Message(
        title=f"A test of {channel.name} by {user_name()}",
        body=f"This is how alerts of portalwatch reach you here. Nothing is wrong.{opened}",
        tone=Tone.INFO,
        severity=Level.OK,
    )
    attempt = await channel.send(message)
    if attempt.outcome is Outcome.DELIVERED:
        return ExitCode.WELL
    click.echo(f"{channel.name} does not work: {attempt.outcome}: {attempt.error}")
    return ExitCode.FINDING


def _channel(configuration: Configuration, name: str) -> Channel:
    channels = configured_channels(configuration, Exporter(series_of({}), version=""))
    if name not in channels:
        known = ", ".join(sorted(channels)) or "none is configured"
        raise ConfigurationError(f"there is no channel {name}; there are: {known}")
    return channels[name]
