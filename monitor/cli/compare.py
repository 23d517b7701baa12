"""`portalwatch compare BEFORE AFTER`."""

import math
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import asyncpg
import click
from rich.console import Console

from baselines import Baseline, BaselineSummary, Verdict
from baselines.live import NAME as LIVE
from baselines.postgres import PostgresBaselines, PostgresMeasurements
from baselines.postgres_ledger import PostgresLedger
from baselines.top_up import can_be_decided
from dashboards import render_html, render_json, render_junit, render_markdown, render_table
from monitor.capturing import Capturing, further_name, further_plan, is_fresh
from monitor.cli.context import configured, with_store
from monitor.cli.options import config_option, format_option
from monitor.cli.progress import TerminalProgress
from monitor.clock import SystemClock
from monitor.comparing import Comparing, Figures, compare_live, live_capture
from monitor.configuration import Configuration
from monitor.errors import CannotRunError, ConfigurationError, ExitCode, UndecidedError
from probes import ProbeSet, series_of
from thresholds import Assessment, Profile

# More series than these are counted where they are announced.
NAMED_SERIES = 5


@dataclass(frozen=True, slots=True)
class Judged:
    """An assessment with the two captures it was made of."""

    assessment: Assessment
    before: Baseline
    after: Baseline


@click.command(epilog="Example: portalwatch compare before-v42 after-v42 --format html --output report.html")
@click.argument("before")
@click.argument("after")
@click.option(
    "--profile",
    type=click.Choice([one.value for one in Profile]),
    default=Profile.STANDARD.value,
    show_default=True,
    help="Tolerance profile.",
)
@click.option(
    "--tolerance", type=float, metavar="PERCENT", help="Tolerance for every series, 1 to 400; wins over the profile."
)
@click.option("--confirm/--no-confirm", default=True, help="Take further sessions before anything is called degraded.")
@click.option("--top-up", is_flag=True, help="Take further sessions for what is inconclusive, up to 12 after.")
@format_option("markdown", "html", "junit")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write the result into this file.")
@config_option
def compare(
    before: str,
    after: str,
    profile: str,
    tolerance: float | None,
    confirm: bool,
    top_up: bool,
    output_format: str,
    output: Path | None,
    config: Path | None,
) -> ExitCode:
    """Compare two captures; AFTER may be `live`, the last hour of the service's own measurements."""
    if top_up and not confirm:
        raise ConfigurationError("--top-up takes further sessions and --no-confirm none; leave one of them out")
    if top_up and after == LIVE:
        raise ConfigurationError(
            f"{LIVE!r} can't be topped up, the service goes on measuring anyway; compare again later, or with a capture"
        )
    configuration = configured(config)
    figures = Figures.load(configuration, series_of(configuration.settings.probes))

    async def act(pool: asyncpg.Pool) -> Judged:
        comparing = Comparing(
            figures=figures,
            store=PostgresBaselines(pool),
            ledger=PostgresLedger(pool),
            profile=Profile(profile),
            tolerance_percent=tolerance,
        )
        if after == LIVE:
            return await _judge_live(comparing, configuration, pool, before)
        return await _judge_stored(comparing, configuration, before, after, confirm=confirm, top_up=top_up)

    judged = with_store(configuration, act)
    if expired_at := judged.before.expired_at(SystemClock().now()):
        click.echo(
            f"{before} expired at {expired_at:%Y-%m-%d %H:%M} UTC: it may no longer be what to compare with.", err=True
        )
    _write(_rendered(judged, output_format, output), output)
    return exit_code(judged.assessment)


def exit_code(assessment: Assessment) -> ExitCode:
    """1 for a finding, 3 for nothing found but something inconclusive, else 0."""
    if assessment.has_finding:
        return ExitCode.FINDING
    undecided = assessment.comparison.having(Verdict.INCONCLUSIVE) or assessment.verdict is Verdict.INCONCLUSIVE
    return ExitCode.INCONCLUSIVE if undecided else ExitCode.WELL


async def _judge_live(comparing: Comparing, configuration: Configuration, pool: asyncpg.Pool, before: str) -> Judged:
    baseline = await comparing.store.load(before)
    now = SystemClock().now()
    series = series_of(configuration.settings.probes)
    live = await live_capture(PostgresMeasurements(pool), comparing.ledger, series, configuration, now)
    if live is None:
        raise UndecidedError("there is no live session yet: a series must have been measured 20 times undisturbed")
    return Judged(comparing.assess(await compare_live(comparing, baseline, live, now), now), baseline, live)


async def _judge_stored(
    comparing: Comparing, configuration: Configuration, before: str, after: str, *, confirm: bool, top_up: bool
) -> Judged:
    store = comparing.store
    baseline, capture = await store.load(before), await store.load(after)
    clock = SystemClock()
    closed = _closed(capture, await store.summaries(), configuration, clock.now())
    if closed is not None or not confirm:
        comparison = await comparing.judge(baseline, capture, look=await comparing.look_due(capture))
        undecided = [one.series.name for one in comparison.series if can_be_decided(one)]
        if top_up and undecided:
            raise ConfigurationError(
                f"{after!r} can't be topped up, {closed}; still inconclusive: {', '.join(undecided)}. Capture it again "
                "with more sessions: `portalwatch baseline capture NAME --sessions 12`, or leave --top-up out"
            )
        return Judged(comparing.assess(comparison, capture.finished_at), baseline, capture)

    away = False
    async with ProbeSet(configuration.settings.probes, configuration.settings.targets, clock) as probes:
        capturing = Capturing(configuration, probes, comparing.ledger, clock, TerminalProgress())

        async def further(capture: Baseline, series: Collection[str], sessions: int) -> Baseline | None:
            nonlocal away
            click.echo(_announced(capture, series, sessions), err=True)
            more = await capturing.further(capture, series, sessions, await further_name(store, after))
            if more is None:
                away = True
                click.echo("The target does not answer; judging what there is.", err=True)
                return None
            await store.save(more, extends=after)
            return capture.extended(more.sessions)

        comparison, capture = await comparing.judge_surely(baseline, capture, further, top_up=top_up)
    judged = Judged(comparing.assess(comparison, capture.finished_at), baseline, capture)
    if top_up and away and not judged.assessment.has_finding:
        raise CannotRunError(
            f"{after!r} can't be topped up: the target does not answer, or none of the configured probes measures what "
            "is inconclusive. What was taken is kept; without --top-up what there is is judged"
        )
    return judged


def _closed(
    capture: Baseline, summaries: Sequence[BaselineSummary], configuration: Configuration, now: datetime
) -> str | None:
    """Why no further sessions can be taken of a capture, None where they can: they must be of the same system."""
    newest = summaries[-1]
    if capture.name not in (newest.name, newest.extends):
        return f"{newest.name!r} was captured after it and may be of another system"
    if not is_fresh(capture.finished_at, now):
        return (
            f"its last session ended at {capture.finished_at:%Y-%m-%d %H:%M} UTC and the system may have changed since"
        )
    if capture.environment != configuration.settings.environment:
        return f"it is of the environment {capture.environment}, and {configuration.settings.environment} is configured"
    return None


def _announced(capture: Baseline, series: Collection[str], sessions: int) -> str:
    """What is taken, and how long that takes at least."""
    seconds = further_plan(capture, series, sessions).seconds(0.0)
    takes = f" (at least {math.ceil(seconds / 60)} minutes)" if seconds else ""
    named = ", ".join(sorted(series)) if len(series) <= NAMED_SERIES else f"{len(series)} series"
    return f"Taking {sessions} further sessions of {named}{takes} …"


def _rendered(judged: Judged, output_format: str, output: Path | None) -> str:
    assessment = judged.assessment
    if output_format == "json":
        return render_json(assessment)
    if output_format == "markdown":
        return render_markdown(assessment)
    if output_format == "junit":
        return render_junit(assessment)
    if output_format == "html":
        return render_html(assessment, before=judged.before, after=judged.after)
    console = Console(file=sys.stdout)
    if console.is_terminal and output is None:
        with console.capture() as capture:
            console.print(render_table(assessment, console.width))
        return capture.get()
    return render_table(assessment).plain


def _write(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text, nl=not text.endswith("\n"))
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{output} can't be written: {error.strerror}") from error
    click.echo(f"written: {output}", err=True)
