"""`portalwatch probe`: one probe now; `suggest` and `coverage` are commands of their own."""

import json
import logging
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import click

from baselines import Clock, Inspection
from monitor.cli.context import configured
from monitor.cli.options import config_option, format_option
from monitor.cli.probe_report import document, print_look, print_run, print_summary
from monitor.cli.progress import TerminalProgress
from monitor.clock import SystemClock
from monitor.comparing import Figures
from monitor.configuration import Configuration
from monitor.errors import ExitCode
from monitor.event_loop import run
from monitor.logs import configure_logs
from monitor.probe_once import Look, code_of, look_inside, look_repeatedly, probe_named
from monitor.settings import PROBE_COMMANDS
from probes import ProbeSet, ProbeSettings, series_of


class _Probe(click.Group):
    """Takes every word that is none of its commands as the name of a probe; options may stand before it."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(PROBE_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in PROBE_COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"monitor.cli.{cmd_name}"), cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in PROBE_COMMANDS:
            return "NAME", look, args
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Probe,
    subcommand_metavar="NAME [--debug] [--count N]",
    context_settings={"ignore_unknown_options": True},
    epilog="Example: portalwatch probe client_groups_list --count 20",
)
def probe() -> None:
    """Run the probe NAME now, in this process, and show all there is to see of it: see `probe NAME --help`.

    NAME is a probe of the configuration, or a series as an alert names it.
    """


@click.command(epilog="Example: portalwatch probe client_groups_list --debug")
@click.argument("name")
@click.option("--debug", is_flag=True, help="The prober's log lines as well, on standard error.")
@click.option(
    "--count",
    type=click.IntRange(1, 10_000),
    default=1,
    show_default=True,
    help="Runs, one after the other: a line each, then the figures of all.",
)
@format_option()
@config_option
def look(name: str, debug: bool, count: int, output_format: str, config: Path | None) -> ExitCode:
    """Run the probe NAME now: outcome, value, phases, assertions, plan. No store is needed.

    0: well. 1: it failed, or broke its critical limit. 3: the run was skipped, or this machine disturbed it. 4: the
    target can't be reached. Of several runs 1 where any failed, 3 and 4 where all of them were so.
    """
    configuration = configured(config)
    if debug:
        configure_logs(sys.stderr, "console", "INFO")
        logging.getLogger("probes").setLevel(logging.DEBUG)
    looks = run(_look(configuration, name, count, as_json=output_format == "json"))
    return code_of(looks)


async def _look(configuration: Configuration, word: str, count: int, *, as_json: bool) -> Sequence[Look]:
    settings, clock = configuration.settings, SystemClock()
    figures = Figures.load(configuration, series_of(settings.probes))
    async with ProbeSet(settings.probes, settings.targets, clock) as probes:
        name = probe_named(probes, word)
        looks = await _run(probes, figures, name, count, clock, lines=count > 1 and not as_json)
        inspection = await look_inside(probes, name, looks[-1])
        _show(settings.probes[name], probes, looks, inspection, as_json=as_json)
    return looks


async def _run(
    probes: ProbeSet, figures: Figures, name: str, count: int, clock: Clock, *, lines: bool
) -> Sequence[Look]:
    looks: list[Look] = []
    # On a terminal the lines themselves are the progress.
    total = count if count > 1 and not (lines and sys.stdout.isatty()) else 0
    with TerminalProgress().track(f"probing {name}", total) as advanced:
        async for one in look_repeatedly(probes, figures, name, count, clock):
            looks.append(one)
            if lines:
                print_run(len(looks), one, probes.series)
            if total:
                advanced()
    return looks


def _show(
    settings: ProbeSettings, probes: ProbeSet, looks: Sequence[Look], inspection: Inspection | None, *, as_json: bool
) -> None:
    if as_json:
        click.echo(json.dumps(document(settings, probes.series, looks, inspection), indent=2, default=str))
    elif len(looks) > 1:
        print_summary(looks, probes.series)
    else:
        print_look(settings, looks[0], probes.series, inspection)
