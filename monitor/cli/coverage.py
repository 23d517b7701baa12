"""`portalwatch probe coverage`."""

import json
import textwrap
from pathlib import Path

import click

from monitor.cli.context import configured
from monitor.cli.options import config_option, format_option
from monitor.cli.tables import print_table
from monitor.clock import SystemClock
from monitor.coverage import DatabaseAnswer, PortalAnswer, covered
from monitor.errors import CannotRunError, ConfigurationError
from monitor.event_loop import run


@click.command(epilog="Example: portalwatch probe coverage --format json")
@click.option("--top", default=10, show_default=True, type=click.IntRange(0), help="Uncovered statements to show.")
@format_option()
@config_option
def coverage(top: int, output_format: str, config: Path | None) -> None:
    """Tell which part of the database's time and of the portal's requests the configured probes stand for."""
    settings = configured(config).settings
    if not settings.targets:
        raise ConfigurationError("the configuration has no targets")
    answers = run(covered(settings.targets, settings.probes, SystemClock()))
    for name, trouble in answers.unreadable.items():
        click.echo(f"{name}: {trouble}", err=True)
    if not answers.databases and not answers.portals:
        raise CannotRunError("no target tells what it does")
    if output_format == "json":
        document = {
            "databases": [_database_document(one, top) for one in answers.databases],
            "portals": [_portal_document(one) for one in answers.portals],
            "unreadable": answers.unreadable,
        }
        click.echo(json.dumps(document, indent=2))
        return
    for one in answers.databases:
        _print_database(one, top)
    for other in answers.portals:
        _print_portal(other)


def _print_database(answer: DatabaseAnswer, top: int) -> None:
    found, workload = answer.coverage, answer.coverage.workload
    click.echo(f"{answer.name}: the probes stand for {found.share:.1%} of {workload.seconds:.3g} s execution time")
    if workload.own_share is None:
        click.echo("  our own part can't be told: the role is the portal's too; see grants.sql for one of our own")
    else:
        click.echo(f"  our own part: {workload.own_share:.2%} (goal: at most 0.50%)")
    if workload.hidden_seconds:
        click.echo(
            f"  out of sight: {workload.share(workload.hidden_seconds):.1%}; grant pg_read_all_stats to the role"
        )
    for name, trouble in answer.troubles.items():
        click.echo(f"  {name}: {trouble}", err=True)
    print_table(["probe", "time"], [[name, f"{found.share_of(name):.1%}"] for name in found.by_probe])
    if found.uncovered and top:
        print_table(
            ["no probe", "time", "calls", "statement"],
            [
                [one.nature, f"{workload.share(one.seconds):.1%}", str(one.calls), _shortened(one.text)]
                for one in found.uncovered[:top]
            ],
        )


def _print_portal(answer: PortalAnswer) -> None:
    found = answer.coverage
    of = "requests" if answer.is_counted else "documented routes (its /metrics counts no requests by route)"
    click.echo(f"{answer.name}: the probes stand for {found.share:.1%} of its {of}")
    print_table(
        ["probe", "part", "route"],
        [
            [name, f"{found.share_of(routes):.1%}", ", ".join(" ".join(route) for route in routes) or "none"]
            for name, routes in found.by_probe.items()
        ],
    )
    if found.uncovered:
        print_table(
            ["no probe", "part", "route"],
            [[one.route.method, f"{found.share_of([one.route]):.1%}", one.route.template] for one in found.uncovered],
        )


def _database_document(answer: DatabaseAnswer, top: int) -> dict[str, object]:
    found, workload = answer.coverage, answer.coverage.workload
    return {
        "target": answer.name,
        "share": found.share,
        "seconds": workload.seconds,
        "own_share": workload.own_share,
        "hidden_share": workload.share(workload.hidden_seconds),
        "probes": {name: found.share_of(name) for name in found.by_probe},
        "troubles": answer.troubles,
        "uncovered": [
            {
                "statement": one.text,
                "nature": one.nature,
                "calls": one.calls,
                "seconds": one.seconds,
                "share": workload.share(one.seconds),
            }
            for one in found.uncovered[:top]
        ],
    }


def _portal_document(answer: PortalAnswer) -> dict[str, object]:
    found = answer.coverage
    return {
        "target": answer.name,
        "share": found.share,
        "counted": answer.is_counted,
        "probes": {name: found.share_of(routes) for name, routes in found.by_probe.items()},
        "uncovered": [
            {
                "method": one.route.method,
                "route": one.route.template,
                "requests": one.requests if answer.is_counted else None,
                "share": found.share_of([one.route]),
            }
            for one in found.uncovered
        ],
    }


def _shortened(text: str) -> str:
    return textwrap.shorten(" ".join(text.split()), 90, placeholder=" …")
