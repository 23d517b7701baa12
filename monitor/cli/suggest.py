"""`portalwatch probe suggest`."""

from collections.abc import Mapping
from pathlib import Path

import click
from pydantic import TypeAdapter, ValidationError

from monitor.cli.context import configured
from monitor.cli.options import config_option
from monitor.clock import SystemClock
from monitor.errors import CannotRunError, ConfigurationError
from monitor.event_loop import run
from monitor.suggested_file import render
from monitor.watched import watched_databases, watched_portals
from probes import HttpTarget, PostgresTarget, Target
from probes.workload.errors import WorkloadError
from probes.workload.suggestion import LeftOut, Suggested, Suggesting

Targets = Mapping[str, PostgresTarget | HttpTarget]


@click.command(epilog="Example: portalwatch probe suggest --output suggested.yml")
@click.option("--database", metavar="TARGET|URL", help="Database to look at: a configured target, or a URL.")
@click.option("--portal", metavar="TARGET|URL", help="Portal to look at: a configured target, or a URL.")
@click.option("--top", default=20, show_default=True, type=click.IntRange(1, 200), help="Most queries of a database.")
@click.option(
    "--cover",
    default=0.9,
    show_default=True,
    type=click.FloatRange(0, 1, min_open=True),
    help="Part of the execution time that the queries shall stand for.",
)
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write the configuration into this file."
)
@config_option
def suggest(
    database: str | None, portal: str | None, top: int, cover: float, output: Path | None, config: Path | None
) -> None:
    """Propose a configuration from what the database spends its time on and what the portal serves.

    Without --database and --portal: all targets of the configuration. Every probe proposed was tried once.
    """
    if output is not None and output.exists():
        raise ConfigurationError(f"{output} is there already; choose another name")
    targets = _targets(database, portal, config)
    text = run(_suggest(targets, top, cover))
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise ConfigurationError(f"{output} can't be written: {error.strerror}") from error
    click.echo(f"written: {output}", err=True)


def _targets(database: str | None, portal: str | None, config: Path | None) -> Targets:
    """What to look at, by name; two URLs need no configuration. Raises ConfigurationError."""
    if database is None and portal is None:
        known = configured(config).settings.targets
        found: dict[str, PostgresTarget | HttpTarget] = {one.name: one.target for one in watched_databases(known)}
        found |= {one.name: one.target for one in watched_portals(known)}
        if not found:
            raise ConfigurationError("the configuration has no targets; name them with --database and --portal")
        return found
    chosen: dict[str, PostgresTarget | HttpTarget] = {}
    for given, kind, name in ((database, PostgresTarget, "portal_database"), (portal, HttpTarget, "portal")):
        if given is not None and "://" in given:
            chosen[name] = _at_url(given, kind)
        elif given is not None:
            chosen[given] = _configured(given, kind, config)
    return chosen


def _configured(
    name: str, kind: type[PostgresTarget] | type[HttpTarget], config: Path | None
) -> PostgresTarget | HttpTarget:
    known = configured(config).settings.targets
    found = known.get(name)
    if not isinstance(found, kind):
        names = ", ".join(name for name, one in known.items() if isinstance(one, kind)) or "none"
        raise ConfigurationError(f"there is no such target {name!r}; there are: {names}; or give a URL")
    return found


def _at_url(url: str, kind: type[PostgresTarget] | type[HttpTarget]) -> PostgresTarget | HttpTarget:
    document = {"kind": "postgresql" if kind is PostgresTarget else "http", "url": url}
    try:
        found: PostgresTarget | HttpTarget = TypeAdapter[PostgresTarget | HttpTarget](Target).validate_python(document)
    except ValidationError as error:
        raise ConfigurationError(f"the URL can't be used: {error.errors(include_input=False)[0]['msg']}") from error
    return found


async def _suggest(targets: Targets, top: int, cover: float) -> str:
    """The configuration. Raises CannotRunError where no target tells anything."""
    suggesting = Suggesting(SystemClock())
    suggested: list[Suggested] = []
    left_out: dict[str, list[LeftOut]] = {}
    troubles = []
    for name, target in targets.items():
        click.echo(f"{name}: looking …", err=True)
        suggestions = (
            suggesting.for_database(name, target, most=top, cover=cover)
            if isinstance(target, PostgresTarget)
            else suggesting.for_portal(name, target)
        )
        before = len(suggested)
        try:
            async for one in suggestions:
                if isinstance(one, Suggested):
                    suggested.append(one)
                else:
                    left_out.setdefault(name, []).append(one)
        except WorkloadError as error:
            troubles.append(f"{name}: {error}")
            left_out.setdefault(name, []).append(LeftOut(name, None, str(error)))
            click.echo(f"{name}: {error}", err=True)
            continue
        share = sum(one.share or 0.0 for one in suggested[before:])
        what = "execution time" if isinstance(target, PostgresTarget) else "requests"
        click.echo(f"{name}: {len(suggested) - before} probes, {share:.1%} of its {what}", err=True)
    if not suggested:
        raise CannotRunError("no probe could be suggested:\n" + "\n".join(troubles))
    return render(targets, [*suggested, suggesting.for_host()], left_out)
