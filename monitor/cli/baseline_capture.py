"""`portalwatch baseline capture`."""

from collections.abc import Iterator
from pathlib import Path

import asyncpg
import click

from baselines import Baseline, Forced, Spacing, summarise
from baselines.live import NAME as LIVE
from baselines.postgres import PostgresBaselines
from baselines.postgres_ledger import PostgresLedger
from baselines.postgres_workload import PostgresWorkload
from monitor.capturing import Campaign, Capturing, standard_plan
from monitor.cli.context import configured, with_store
from monitor.cli.options import config_option
from monitor.cli.progress import TerminalProgress
from monitor.clock import SystemClock
from monitor.errors import CannotRunError, ConfigurationError
from monitor.obstacles import look_for_obstacles
from monitor.user import user_name
from probes import ProbeSet


@click.command(epilog="Example: portalwatch baseline capture nightly --quick --probe 'client_*'")
@click.argument("name")
@click.option("--sessions", default=5, show_default=True, help="Capture sessions: noise is from session to session.")
@click.option("--samples", default=20, show_default=True, help="Samples of each series in a session.")
@click.option("--quick", is_flag=True, help="Sessions back to back: seconds instead of ten minutes, and noisier.")
@click.option("--probe", "globs", multiple=True, metavar="GLOB", help="Only probes of this name; may be repeated.")
@click.option("--release", help="Release that is measured [default: that of the configuration].")
@click.option("--by", default=user_name, help="Who captures [default: you].")
@click.option("--force", metavar="REASON", help="Capture on a busy host or on outdated statistics; the reason is kept.")
@config_option
def capture(
    name: str,
    sessions: int,
    samples: int,
    quick: bool,
    globs: tuple[str, ...],
    release: str | None,
    by: str,
    force: str | None,
    config: Path | None,
) -> None:
    """Capture a new baseline under NAME; an existing one is never overwritten."""
    if name == LIVE:
        raise ConfigurationError(f"{LIVE!r} stands for the last hour in a comparison; choose another name")
    configuration = configured(config)
    plan = standard_plan(sessions, samples, quick=quick)

    async def act(pool: asyncpg.Pool) -> Baseline:
        store = PostgresBaselines(pool)
        if any(one.name == name for one in await store.summaries()):
            raise ConfigurationError(
                f"there is a baseline {name!r} already, and baselines never change; choose another name"
            )
        clock = SystemClock()
        settings = configuration.settings
        async with ProbeSet(settings.probes, settings.targets, clock) as probes:
            obstacles = await look_for_obstacles(settings.targets, probes.links, clock)
            for sentence in obstacles.unknown:
                click.echo(sentence, err=True)
            forced = _forced(obstacles.found, force)
            ledger, workload = PostgresLedger(pool), PostgresWorkload(pool)
            capturing = Capturing(configuration, probes, ledger, clock, TerminalProgress(), workload)
            campaign = await capturing.prepare(plan, globs)
            if campaign.seconds >= 60:
                click.echo(_announced(campaign), err=True)
            captured = await capturing.carry_out(campaign, name, by=by, release=release, forced=forced)
        await store.save(captured)
        return captured

    try:
        captured = with_store(configuration, act)
    except KeyboardInterrupt:
        click.echo(f"Interrupted: nothing of {name!r} is kept.", err=True)
        raise
    for sentence in _troubles(captured):
        click.echo(sentence, err=True)
    click.echo(f"{captured.name}: {len(captured.series)} series, {len(captured.sessions)} sessions, {captured.release}")


def _forced(found: tuple[str, ...], reason: str | None) -> Forced | None:
    """Raises CannotRunError where something was found and nobody gave a reason to go on."""
    if not found:
        return None
    if reason is None:
        raise CannotRunError(
            f"this is no time to capture a baseline: {'; '.join(found)}. "
            "See to that or wait, or capture all the same with --force REASON"
        )
    return Forced(reason, found)


def _announced(campaign: Campaign) -> str:
    plan = campaign.plan
    apart = ", a minute apart" if plan.spacing is Spacing.SPREAD and plan.sessions > 1 else ""
    takes = f"This takes about {campaign.seconds / 60:.0f} minutes"
    return f"{takes}: {plan.sessions} sessions of {plan.samples} samples of {len(campaign.probes)} probes{apart}."


def _troubles(captured: Baseline) -> Iterator[str]:
    """What somebody should know of a capture before they rely on it, though it is kept as it is."""
    summaries = {name: summarise(captured.samples_of(name)) for name in captured.series}
    failing = [name for name, one in summaries.items() if 2 * (one.failed + one.timed_out) > one.n]
    empty = [name for name, one in summaries.items() if not one.n]
    for names, what in ((failing, "failed in more than half of their calls"), (empty, "have no undisturbed call")):
        if names:
            yield f"{len(names)} of {len(summaries)} series {what}: {', '.join(sorted(names))}"
