"""`portalwatch compare BEFORE AFTER`."""

import math
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path

import asyncpg
import click

from baselines import Baseline, BaselineSummary
from baselines.live import NAME as LIVE
from baselines.postgres import PostgresBaselines, PostgresMeasurements
from baselines.postgres_ledger import PostgresLedger
from baselines.postgres_workload import PostgresWorkload
from baselines.top_up import can_be_decided
from monitor.capturing import Capturing, further_name, further_plan, is_fresh
from monitor.cli.context import configured, with_store
from monitor.cli.options import config_option
from monitor.cli.progress import TerminalProgress
from monitor.cli.report import Judged, rendered, report_options, tolerance_options, write
from monitor.clock import SystemClock
from monitor.comparing import Comparing, Figures, compare_live, live_capture
from monitor.configuration import Configuration
from monitor.errors import CannotRunError, ConfigurationError, ExitCode, UndecidedError
from monitor.proving import with_proofs
from monitor.workload import Workloads
from probes import ProbeSet, series_of
from thresholds import Profile

# More series than these are counted where they are announced.
NAMED_SERIES = 5


@click.command(epilog="Example: portalwatch compare before-v42 after-v42 --format html --output report.html")
@click.argument("before")
@click.argument("after")
@tolerance_options
@click.option("--confirm/--no-confirm", default=True, help="Take further sessions before anything is called degraded.")
@click.option("--top-up", is_flag=True, help="Take further sessions for what is inconclusive, up to 12 after.")
@report_options
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
            workloads=Workloads.of(PostgresWorkload(pool), configuration.settings.probes),
        )
        if after == LIVE:
            return await _judge_live(comparing, configuration, pool, before)
        return await _judge_stored(comparing, configuration, before, after, confirm=confirm, top_up=top_up)

    judged = with_store(configuration, act)
    if expired_at := judged.before.expired_at(SystemClock().now()):
        click.echo(
            f"{before} expired at {expired_at:%Y-%m-%d %H:%M} UTC: it may no longer be what to compare with.", err=True
        )
    write(rendered(judged, output_format, output), output)
    return judged.code


async def _judge_live(comparing: Comparing, configuration: Configuration, pool: asyncpg.Pool, before: str) -> Judged:
    baseline = await comparing.store.load(before)
    clock = SystemClock()
    now = clock.now()
    probes, targets = configuration.settings.probes, configuration.settings.targets
    series = series_of(probes)
    live = await live_capture(PostgresMeasurements(pool), comparing.ledger, series, configuration, now)
    if live is None:
        raise UndecidedError("there is no live session yet: a series must have been measured 20 times undisturbed")
    comparison = await compare_live(comparing, baseline, live, now)
    async with ProbeSet(probes, targets, clock) as there:
        comparison = await with_proofs(comparison, baseline, probes, there.links, clock)
    return Judged(comparing.assess(comparison, now), baseline, live)


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
        kept = comparing.workloads.store if comparing.workloads else None
        capturing = Capturing(configuration, probes, comparing.ledger, clock, TerminalProgress(), kept)

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
        comparison = await with_proofs(comparison, baseline, configuration.settings.probes, probes.links, clock)
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
