"""`portalwatch errors`: list, show, trends, erase."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

import asyncpg
import click

from monitor.cli.context import configured, with_store
from monitor.cli.duration import duration
from monitor.cli.options import config_option, format_option
from monitor.cli.tables import print_table
from monitor.clock import SystemClock
from monitor.configuration import Configuration
from monitor.errors import ConfigurationError
from monitor.tracking.postgres import PostgresErrors, StoredEvent, StoredGroup
from monitor.tracking.report import user_hasher
from thresholds.error_class import load_error_classes
from thresholds.error_trend import ErrorTrend

T = TypeVar("T")
_HOURS = timedelta(days=2)


@click.group(epilog="Example: portalwatch errors trends")
def errors() -> None:
    """What the portal and its pages sent in, grouped and without personal data."""


@errors.command("list", epilog="Example: portalwatch errors list --since 12h --class authorization")
@click.option("--since", callback=duration, default="1d", show_default=True, help="How far back.")
@click.option("--class", "error_class", help="Of this class only.")
@click.option("--id", "correlation_id", help="Single errors that share this correlation id, instead of groups.")
@format_option()
@config_option
def list_(
    since: timedelta, error_class: str | None, correlation_id: str | None, output_format: str, config: Path | None
) -> None:
    """Groups that were seen in that time, the latest first."""
    start = SystemClock().now() - since
    if correlation_id is not None:
        shared = _with_errors(
            configured(config),
            lambda store: store.events(start, correlation_id=correlation_id, error_class=error_class),
        )
        _print([one.document() for one in shared], output_format, lambda: _print_events(shared, named=True))
        return
    groups = _with_errors(configured(config), lambda store: store.groups(start, error_class))
    _print([one.document() for one in groups], output_format, lambda: _print_groups(groups))


@errors.command(epilog="Example: portalwatch errors show 49e93048ff7dea8d")
@click.argument("fingerprint")
@format_option()
@config_option
def show(fingerprint: str, output_format: str, config: Path | None) -> None:
    """One group: where it happens, how often by hour, its newest errors."""

    async def act(
        store: PostgresErrors,
    ) -> tuple[StoredGroup, Mapping[datetime, int], list[StoredEvent]] | None:
        group = await store.group(fingerprint)
        if group is None:
            return None
        hours = await store.hours(fingerprint, SystemClock().now() - _HOURS)
        return group, hours, list(await store.events(group.first_seen, fingerprint=fingerprint))

    found = _with_errors(configured(config), act)
    if found is None:
        raise ConfigurationError(f"there is no error {fingerprint}; see `portalwatch errors list`")
    group, hours, events = found
    document = {
        **group.document(),
        "hours": {at.isoformat(): count for at, count in hours.items()},
        "events": [one.document() for one in events],
    }

    def told() -> None:
        click.echo(f"{group.name}: {group.message}")
        click.echo(
            f"{group.error_class}, {group.occurrences} times, {_at(group.first_seen)} to {_at(group.last_seen)} UTC"
        )
        for frame in group.frames:
            click.echo(f"  {frame}")
        print_table(["hour", "errors"], [[_at(at), str(count)] for at, count in hours.items()])
        _print_events(events)

    _print(document, output_format, told)


@errors.command(epilog="Example: portalwatch errors trends --format json")
@format_option()
@config_option
def trends(output_format: str, config: Path | None) -> None:
    """The last hour: how many of what, what is rising, which share a correlation id, what to look at."""
    configuration = configured(config)
    classes = load_error_classes().overridden(configuration.settings.errors.classes)
    trend = _with_errors(configuration, lambda store: store.trend(SystemClock().now(), classes))
    _print(trend.document(), output_format, lambda: _print_trend(trend))


@errors.command(epilog="Example: portalwatch errors erase --user 4711")
@click.option("--user", required=True, help="The id that the portal sends as userId.")
@config_option
def erase(user: str, config: Path | None) -> None:
    """Drop every kept error of a user; groups and counts stay, for they are nobody's."""
    configuration = configured(config)
    settings = configuration.settings
    hashed = user_hasher(settings.ingest.hash_key or settings.signing_key)(user)
    if hashed is None:
        raise ConfigurationError(
            "no user is kept without a key to hash with: neither ingest.hash_key nor signing_key is configured"
        )
    erased = _with_errors(configuration, lambda store: store.erase(hashed))
    click.echo(f"{erased} error{'' if erased == 1 else 's'} erased")


def _with_errors(configuration: Configuration, act: Callable[[PostgresErrors], Awaitable[T]]) -> T:
    async def on(pool: asyncpg.Pool) -> T:
        return await act(PostgresErrors(pool, configuration.settings.environment))

    return with_store(configuration, on)


def _print(document: object, output_format: str, told: Callable[[], None]) -> None:
    if output_format == "json":
        click.echo(json.dumps(document, indent=2))
    else:
        told()


def _print_groups(groups: Sequence[StoredGroup]) -> None:
    if not groups:
        click.echo("No error was sent in in that time.", err=True)
        return
    rows = [
        [one.fingerprint, one.error_class, str(one.occurrences), _at(one.last_seen), f"{one.name}: {one.message}"]
        for one in groups
    ]
    print_table(["fingerprint", "class", "times", "last", "error"], rows)


def _print_events(events: Sequence[StoredEvent], *, named: bool = False) -> None:
    rows = [
        [
            f"{one.at:%Y-%m-%d %H:%M:%S}",
            one.correlation_id or "none",
            f"{one.component}, {one.action}",
            one.path,
            one.browser,
            *([f"{one.name}: {one.message}"] if named else []),
        ]
        for one in events
    ]
    print_table(["at", "correlation id", "component, action", "page", "browser", *(["error"] if named else [])], rows)


def _print_trend(trend: ErrorTrend) -> None:
    click.echo(f"{trend.total} in the last hour, {trend.day_before} in that hour a day before")
    for title, counts in (("class", trend.by_class), ("component", trend.by_component)):
        if counts:
            print_table([title, "errors"], [[name, str(count)] for name, count in counts.items()])
    if trend.rising:
        rows = [[one.fingerprint, str(one.now), str(one.day_before), one.name] for one in trend.rising]
        print_table(["rising", "now", "day before", "error"], rows)
    if trend.clusters:
        clusters = [
            [one.correlation_id, str(one.count), ", ".join(one.types), f"{one.span_seconds:.1f} s"]
            for one in trend.clusters
        ]
        print_table(["shared id", "errors", "types", "within"], clusters)
    for one in trend.recommendations:
        click.echo(f"{one.text} ({one.path})")


def _at(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M}"
