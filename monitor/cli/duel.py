"""`portalwatch duel OLD NEW`."""

from pathlib import Path

import click

from monitor.cli.context import configured
from monitor.cli.duel_screen import DuelScreen
from monitor.cli.options import config_option
from monitor.cli.report import Judged, rendered, report_options, tolerance_options, write
from monitor.clock import SystemClock
from monitor.duel import PAIRS, Duel
from monitor.errors import ExitCode
from monitor.event_loop import run
from thresholds import Profile


@click.command(epilog="Example: portalwatch duel https://blue.example https://green.example --tolerance 15")
@click.argument("old")
@click.argument("new")
@click.option(
    "--pairs",
    type=click.IntRange(40, 1000),
    default=PAIRS,
    show_default=True,
    help="Pairs of calls of each probe at most; it ends as soon as everything is decided.",
)
@click.option("--target", metavar="NAME", help="The target that OLD and NEW stand for, where several would do.")
@click.option("--probe", "globs", multiple=True, metavar="GLOB", help="Only probes of this name; may be repeated.")
@tolerance_options
@report_options
@config_option
def duel(
    old: str,
    new: str,
    pairs: int,
    target: str | None,
    globs: tuple[str, ...],
    profile: str,
    tolerance: float | None,
    output_format: str,
    output: Path | None,
    config: Path | None,
) -> ExitCode:
    """Compare two URLs or two DSNs that run side by side: the configured probes call both in turn, pair by pair.

    Nothing is stored. 0: nothing slower. 1: degraded. 3: something stays inconclusive. 4: one side can't be measured.
    """
    meeting = Duel.between(
        configured(config),
        old,
        new,
        target=target,
        globs=globs,
        profile=Profile(profile),
        tolerance_percent=tolerance,
    )
    with DuelScreen(meeting.tolerances) as screen:
        assessment, outcomes = run(meeting.fight(SystemClock(), pairs=pairs, watched=screen.show))
    judged = Judged(assessment, outcomes.old, outcomes.new)
    write(rendered(judged, output_format, output), output)
    return judged.code
