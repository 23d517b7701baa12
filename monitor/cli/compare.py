"""`portalwatch compare BEFORE AFTER`."""

import sys
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import click
from rich.console import Console

from baselines import Baseline, Comparison, Verdict
from baselines.live import NAME as LIVE
from baselines.postgres import PostgresBaselines, PostgresMeasurements
from baselines.postgres_ledger import PostgresLedger
from dashboards import render_html, render_json, render_junit, render_markdown, render_table
from monitor.capturing import Capturing, further_name, is_fresh
from monitor.cli.context import configured, with_store
from monitor.cli.options import config_option, format_option
from monitor.cli.progress import TerminalProgress
from monitor.clock import SystemClock
from monitor.comparing import Comparing, Figures, compare_live, live_capture
from monitor.configuration import Configuration
from monitor.errors import ConfigurationError, ExitCode, UndecidedError
from probes import ProbeSet, series_of
from thresholds import Assessment, Profile


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
@format_option("markdown", "html", "junit")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write the result into this file.")
@config_option
def compare(
    before: str,
    after: str,
    profile: str,
    tolerance: float | None,
    confirm: bool,
    output_format: str,
    output: Path | None,
    config: Path | None,
) -> ExitCode:
    """Compare two captures; AFTER may be `live`, the last hour of the service's own measurements."""
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
        return await _judge_stored(comparing, configuration, before, after, confirm)

    judged = with_store(configuration, act)
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
    comparing: Comparing, configuration: Configuration, before: str, after: str, confirm: bool
) -> Judged:
    store = comparing.store
    baseline, capture = await store.load(before), await store.load(after)
    clock = SystemClock()
    newest = (await store.summaries())[-1]
    there = after in (newest.name, newest.extends) and is_fresh(newest.finished_at, clock.now())
    comparison: Comparison
    if confirm and there:
        async with ProbeSet(configuration.settings.probes, configuration.settings.targets, clock) as probes:
            capturing = Capturing(configuration, probes, comparing.ledger, clock, TerminalProgress())

            async def further(capture: Baseline, series: Collection[str], sessions: int) -> Baseline | None:
                click.echo(f"Taking {sessions} further sessions of {', '.join(sorted(series))} …", err=True)
                name = await further_name(store, after)
                more = await capturing.further(capture, series, sessions, name)
                if more is None:
                    click.echo("The target does not answer; judging what there is.", err=True)
                    return None
                await store.save(more, extends=after)
                return capture.extended(more.sessions)

            comparison, capture = await comparing.judge_surely(baseline, capture, further)
    else:
        comparison = await comparing.judge(baseline, capture)
    return Judged(comparing.assess(comparison, capture.finished_at), baseline, capture)


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
