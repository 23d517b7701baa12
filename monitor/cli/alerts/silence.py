"""`portalwatch alerts silence`, `silences` and `unsilence`."""

import json
import secrets
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import click

from alerts import Matcher, MatcherError, Silence, SilenceNotFoundError, Transition
from monitor.cli.alerts.opened import stored_alerts
from monitor.cli.context import configured, with_store
from monitor.cli.duration import duration
from monitor.cli.options import config_option, format_option
from monitor.cli.tables import print_table
from monitor.clock import SystemClock
from monitor.errors import ConfigurationError
from monitor.user import user_name


@click.command(
    epilog="Example: portalwatch alerts silence 'target=portal level=warning' --for 2h --reason 'deploying v42'"
)
@click.argument("matcher", metavar="MATCHER")
@click.option("--for", "lasting", required=True, callback=duration, help="How long, such as 2h.")
@click.option(
    "--from",
    "start",
    type=click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]),
    help="When it begins, in UTC [default: now].",
)
@click.option("--deployment", help="A deployment with which it ends, if that is over before.")
@click.option("--reason", default="", help="Why, for whoever looks at it.")
@click.option("--by", default=user_name, help="Who wants it so [default: you].")
@config_option
def silence(
    matcher: str,
    lasting: timedelta,
    start: datetime | None,
    deployment: str | None,
    reason: str,
    by: str,
    config: Path | None,
) -> None:
    """Tell nobody of what MATCHER fits, for a time; at its end one message tells what is still broken.

    MATCHER is a pattern of series ('database_queries.*'), or terms of series, target, route, tier, rule and level. With
    --from it is a maintenance window. Alerts keep their history.
    """
    configuration = configured(config)
    now = SystemClock().now()
    starts_at = start.replace(tzinfo=UTC) if start else now
    try:
        ends_at = starts_at + lasting
    except OverflowError as error:
        raise ConfigurationError("the silence would never end") from error
    if ends_at <= now:
        raise ConfigurationError(f"the silence would have ended at {ends_at:%Y-%m-%d %H:%M} UTC, before now")
    try:
        parsed = Matcher.parse(matcher)
    except MatcherError as error:
        raise ConfigurationError(str(error)) from error
    made = Silence(
        id=secrets.token_hex(4),
        matcher=parsed,
        starts_at=starts_at,
        ends_at=ends_at,
        by=by,
        reason=reason,
        deployment=deployment,
    )

    async def act(pool: asyncpg.Pool) -> list[Transition]:
        return await stored_alerts(configuration, pool).add_silence(made, now)

    quiet = with_store(configuration, act)
    click.echo(f"{made.id}: {made.matcher} from {_at(made.starts_at)} to {_at(made.ends_at)}")
    for one in quiet:
        if one.after is not None:
            click.echo(f"silent at once: {one.after.id} {one.after.summary}")


@click.command(epilog="Example: portalwatch alerts silences")
@format_option()
@config_option
def silences(output_format: str, config: Path | None) -> None:
    """The silences and maintenance windows that have not ended."""
    configuration = configured(config)

    async def act(pool: asyncpg.Pool) -> list[Silence]:
        return await stored_alerts(configuration, pool).list_silences(SystemClock().now())

    found = with_store(configuration, act)
    if output_format == "json":
        documents = [{**asdict(one), "matcher": str(one.matcher)} for one in found]
        click.echo(json.dumps(documents, default=str, indent=2))
        return
    if not found:
        click.echo("No silence.", err=True)
        return
    print_table(
        ["id", "matcher", "from", "to", "deployment", "by", "reason"],
        [
            [one.id, str(one.matcher), _at(one.starts_at), _at(one.ends_at), one.deployment or "", one.by, one.reason]
            for one in found
        ],
    )


@click.command(epilog="Example: portalwatch alerts unsilence 4f1c22ab")
@click.argument("silence_id", metavar="ID", required=False)
@click.option("--deployment", help="All silences that are bound to this deployment, instead of one.")
@config_option
def unsilence(silence_id: str | None, deployment: str | None, config: Path | None) -> None:
    """End a silence now; what is still broken is told in one message."""
    if (silence_id is None) == (deployment is None):
        raise click.UsageError("give the ID of a silence, or --deployment NAME")
    configuration = configured(config)

    async def act(pool: asyncpg.Pool) -> list[Silence]:
        store, now = stored_alerts(configuration, pool), SystemClock().now()
        if deployment is not None:
            return await store.end_silences_of(deployment, now)
        assert silence_id is not None
        return [await store.end_silence(silence_id, now)]

    try:
        ended = with_store(configuration, act)
    except SilenceNotFoundError as error:
        raise ConfigurationError(str(error)) from error
    click.echo(f"ended: {', '.join(one.id for one in ended) or 'there was none'}")


def _at(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"
