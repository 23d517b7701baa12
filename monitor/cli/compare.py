"""`portalwatch compare BEFORE AFTER`."""

import math
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

import asyncpg
import click

from alerts.postgres import PostgresAlerts
from baselines import Baseline, BaselineSummary, Comparison
from baselines.bundle import Bundle, pack
from baselines.live import NAME as LIVE
from baselines.masking import masked
from baselines.materials import Materials
from baselines.postgres import PostgresBaselines, PostgresMeasurements
from baselines.postgres_ledger import PostgresLedger
from baselines.postgres_workload import PostgresWorkload
from baselines.top_up import can_be_decided
from monitor.alerting import alert_policy
from monitor.bundling import Surroundings, bundle_of
from monitor.capturing import Capturing, FurtherSessions, further_plan, is_fresh
from monitor.cli.context import configured, with_store
from monitor.cli.options import config_option
from monitor.cli.progress import TerminalProgress
from monitor.cli.report import REPORTS, Judged, rendered, report_options, tolerance_options, write, write_file
from monitor.clock import SystemClock
from monitor.comparing import Comparing, Figures, live_capture
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
@click.option(
    "--bundle",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write all that the verdict was made from into this file, for `replay`.",
)
@click.option("--unmasked", is_flag=True, help="Leave people's names in the bundle.")
@report_options
@config_option
def compare(
    before: str,
    after: str,
    profile: str,
    tolerance: float | None,
    confirm: bool,
    top_up: bool,
    bundle: Path | None,
    unmasked: bool,
    output_format: str,
    output: Path | None,
    config: Path | None,
) -> ExitCode:
    """Compare two captures; AFTER may be `live`, the last hour of the service's own measurements."""
    if unmasked and bundle is None:
        raise ConfigurationError("--unmasked is for --bundle FILE; a report has no names of people")
    if top_up and not confirm:
        raise ConfigurationError("--top-up takes further sessions and --no-confirm none; leave one of them out")
    if top_up and after == LIVE:
        raise ConfigurationError(
            f"{LIVE!r} can't be topped up, the service goes on measuring anyway; compare again later, or with a capture"
        )
    configuration = configured(config)
    figures = Figures.load(configuration, series_of(configuration.settings.probes))

    async def act(pool: asyncpg.Pool) -> tuple[Judged, Bundle | None]:
        comparing = Comparing(
            figures=figures,
            store=PostgresBaselines(pool),
            ledger=PostgresLedger(pool),
            profile=Profile(profile),
            tolerance_percent=tolerance,
            workloads=Workloads.of(PostgresWorkload(pool), configuration.settings.probes),
        )
        if after == LIVE:
            comparison, materials = await _judge_live(comparing, configuration, pool, before)
        else:
            comparison, materials = await _judge_stored(
                comparing, configuration, before, after, confirm=confirm, top_up=top_up
            )
        judged = Judged(comparing.assess(comparison, materials.taken_at), materials.before, materials.after)
        if bundle is None:
            return judged, None
        reports = {name: render(judged) for name, render in REPORTS.items()}
        made = bundle_of(materials, judged.assessment, figures, reports, judged.code)
        alerts = PostgresAlerts(pool, alert_policy(configuration.settings, figures, figures.series))
        known = await Surroundings.of(materials, pool, alerts)
        return judged, replace(made, snapshots=known.snapshots, alerts=known.alerts)

    judged, made = with_store(configuration, act)
    if expired_at := judged.before.expired_at(SystemClock().now()):
        click.echo(
            f"{before} expired at {expired_at:%Y-%m-%d %H:%M} UTC: it may no longer be what to compare with.", err=True
        )
    write(rendered(judged, output_format, output), output)
    if bundle is not None and made is not None:
        write_file(pack(made if unmasked else masked(made)), bundle)
    return judged.code


async def _judge_live(
    comparing: Comparing, configuration: Configuration, pool: asyncpg.Pool, before: str
) -> tuple[Comparison, Materials]:
    baseline = await comparing.store.load(before)
    clock = SystemClock()
    now = clock.now()
    probes, targets = configuration.settings.probes, configuration.settings.targets
    series = series_of(probes)
    live = await live_capture(PostgresMeasurements(pool), comparing.ledger, series, configuration, now)
    if live is None:
        raise UndecidedError("there is no live session yet: a series must have been measured 20 times undisturbed")
    materials = await comparing.materials(baseline, live, until=now)
    async with ProbeSet(probes, targets, clock) as there:
        return await with_proofs(materials.judged(), baseline, probes, there.links, clock), materials


async def _judge_stored(
    comparing: Comparing, configuration: Configuration, before: str, after: str, *, confirm: bool, top_up: bool
) -> tuple[Comparison, Materials]:
    store = comparing.store
    baseline, capture = await store.load(before), await store.load(after)
    clock = SystemClock()
    closed = _closed(capture, await store.summaries(), configuration, clock.now())
    if closed is not None or not confirm:
        materials = await comparing.materials(baseline, capture, look=await comparing.look_due(capture))
        comparison = materials.judged()
        undecided = [one.series.name for one in comparison.series if can_be_decided(one)]
        if top_up and undecided:
            raise ConfigurationError(
                f"{after!r} can't be topped up, {closed}; still inconclusive: {', '.join(undecided)}. Capture it again "
                "with more sessions: `portalwatch baseline capture NAME --sessions 12`, or leave --top-up out"
            )
        return comparison, materials

    async with ProbeSet(configuration.settings.probes, configuration.settings.targets, clock) as probes:
        kept = comparing.workloads.store if comparing.workloads else None
        further = FurtherSessions(
            Capturing(configuration, probes, comparing.ledger, clock, TerminalProgress(), kept),
            store,
            announce=_announce,
            keep=partial(store.save, extends=after),
        )
        comparison, materials = await comparing.judge_surely(baseline, capture, further, top_up=top_up)
        if further.away:
            click.echo("The target does not answer; judging what there is.", err=True)
        comparison = await with_proofs(comparison, baseline, configuration.settings.probes, probes.links, clock)
    if top_up and further.away and not comparing.assess(comparison, materials.taken_at).has_finding:
        raise CannotRunError(
            f"{after!r} can't be topped up: the target does not answer, or none of the configured probes measures what "
            "is inconclusive. What was taken is kept; without --top-up what there is is judged"
        )
    return comparison, materials


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


def _announce(capture: Baseline, series: Collection[str], sessions: int) -> None:
    """Say what is taken, and how long that takes at least."""
    seconds = further_plan(capture, series, sessions).seconds(0.0)
    takes = f" (at least {math.ceil(seconds / 60)} minutes)" if seconds else ""
    named = ", ".join(sorted(series)) if len(series) <= NAMED_SERIES else f"{len(series)} series"
    click.echo(f"Taking {sessions} further sessions of {named}{takes} …", err=True)
