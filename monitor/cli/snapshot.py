"""`portalwatch snapshot`: list, show, take."""

import json
from datetime import timedelta
from pathlib import Path

import asyncpg
import click

from baselines.postgres_snapshots import KeptSnapshot, PostgresSnapshots
from baselines.snapshot import Snapshot
from monitor.cli.context import configured, with_store
from monitor.cli.duration import duration
from monitor.cli.options import config_option, format_option
from monitor.cli.progress import TerminalProgress
from monitor.cli.tables import print_table
from monitor.clock import SystemClock
from monitor.configuration import Configuration
from monitor.errors import ConfigurationError, ExitCode
from monitor.event_loop import run
from monitor.snapshots import database_links, take_snapshot
from probes import Links


@click.group(epilog="Example: portalwatch snapshot list --since 12h")
def snapshot() -> None:
    """Evidence that stays: what databases and this host were doing when something looked wrong."""


@snapshot.command("list", epilog="Example: portalwatch snapshot list --since 12h --format json")
@click.option("--since", callback=duration, default="1d", show_default=True, help="How far back.")
@format_option()
@config_option
def list_(since: timedelta, output_format: str, config: Path | None) -> None:
    """What was kept, the newest first, at most a hundred."""
    configuration = configured(config)

    async def act(pool: asyncpg.Pool) -> list[KeptSnapshot]:
        environment = configuration.settings.environment
        return list(await PostgresSnapshots(pool).since(environment, SystemClock().now() - since))

    kept = with_store(configuration, act)
    if output_format == "json":
        click.echo(json.dumps([one.headline() for one in kept], indent=2))
    elif kept:
        rows = [
            [str(one.id), _at(one.snapshot), one.snapshot.source, one.snapshot.series or "", one.snapshot.sentence]
            for one in kept
        ]
        print_table(["id", "at", "source", "because of", "seen"], rows)
    else:
        click.echo("No snapshot was taken in that time: nothing looked wrong.", err=True)


@snapshot.command(epilog="Example: portalwatch snapshot show 17")
@click.argument("number", metavar="ID", type=int)
@format_option()
@config_option
def show(number: int, output_format: str, config: Path | None) -> None:
    """One of them: sessions, who waits for whom, processes of the host."""
    configuration = configured(config)

    async def act(pool: asyncpg.Pool) -> KeptSnapshot | None:
        return await PostgresSnapshots(pool).find(configuration.settings.environment, number)

    kept = with_store(configuration, act)
    if kept is None:
        raise ConfigurationError(f"there is no snapshot {number}; see `portalwatch snapshot list`")
    if output_format == "json":
        click.echo(json.dumps(kept.document(), indent=2))
    else:
        _print(kept.snapshot)


@snapshot.command(epilog="Example: portalwatch snapshot take portal_database")
@click.argument("target")
@format_option()
@config_option
def take(target: str, output_format: str, config: Path | None) -> ExitCode:
    """One now of the database TARGET and of this host, printed and not kept. No store is needed.

    0: taken. 4: the database could not be read.
    """
    with TerminalProgress().track(f"looking at {target}", 1):
        taken = run(_taken(configured(config), target))
    if output_format == "json":
        click.echo(json.dumps({"sentence": taken.sentence, **json.loads(taken.to_json())}, indent=2))
    else:
        _print(taken)
    return ExitCode.CANNOT_RUN if taken.connections is None else ExitCode.WELL


async def _taken(configuration: Configuration, target: str) -> Snapshot:
    clock = SystemClock()
    links = Links(configuration.settings.targets, clock)
    databases = database_links(configuration.settings.targets, links)
    if target not in databases:
        raise ConfigurationError(f"{target!r} is no database; there are: {', '.join(databases) or 'none'}")
    try:
        return await take_snapshot(target, databases[target], "somebody asked", clock)
    finally:
        await links.close()


def _print(one: Snapshot) -> None:
    because = f"{one.series}, {one.reason}" if one.series else one.reason
    click.echo(f"{one.source} at {_at(one)} UTC ({because})")
    click.echo(one.sentence)
    if one.connections is not None:
        connections = f"{one.connections} of {one.max_connections} connections"
        click.echo(f"{connections}, {one.waiting_for_locks} sessions wait for locks")
    for gap in one.gaps:
        click.echo(gap)
    if one.sessions:
        print_table(
            ["pid", "application", "user", "state", "for", "transaction", "wait", "blocked by", "statement"],
            [
                [
                    str(session.pid),
                    session.application or "",
                    session.user or "",
                    session.state or "",
                    _seconds(session.state_seconds),
                    _seconds(session.transaction_seconds),
                    session.wait or "",
                    ", ".join(map(str, session.blocked_by)),
                    session.statement or "",
                ]
                for session in one.sessions
            ],
        )
    if one.processes:
        print_table(
            ["pid", "process", "processor", "memory"],
            [
                [str(each.pid), each.name, f"{each.cpu_share:.0%}", f"{each.resident_bytes / 2**20:,.0f} MiB"]
                for each in one.processes
            ],
        )


def _at(one: Snapshot) -> str:
    return f"{one.at:%Y-%m-%d %H:%M:%S}"


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.1f} s"
