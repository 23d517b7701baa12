"""`portalwatch baseline`: capture, list, show, approve."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import asyncpg
import click

from baselines import Baseline, summarise
from baselines.baseline import CaptureSession
from baselines.live import NAME as LIVE
from baselines.postgres import PostgresBaselines
from baselines.postgres_ledger import PostgresLedger
from baselines.store import BaselineSummary
from monitor.capturing import Capturing, standard_plan
from monitor.cli.context import configured, with_store
from monitor.cli.options import config_option, format_option
from monitor.cli.progress import TerminalProgress
from monitor.cli.tables import print_table
from monitor.clock import SystemClock
from monitor.errors import ConfigurationError
from monitor.user import user_name
from probes import ProbeSet


@click.group(epilog="Example: portalwatch baseline capture before-v42 --release v41")
def baseline() -> None:
    """Named, immutable captures of how long everything takes."""


@baseline.command(epilog="Example: portalwatch baseline capture nightly --quick --probe 'client_*'")
@click.argument("name")
@click.option("--sessions", default=5, show_default=True, help="Capture sessions: noise is from session to session.")
@click.option("--samples", default=20, show_default=True, help="Samples of each series in a session.")
@click.option("--quick", is_flag=True, help="Sessions back to back: a minute instead of ten, and noisier.")
@click.option("--probe", "globs", multiple=True, metavar="GLOB", help="Only probes of this name; may be repeated.")
@click.option("--release", help="Release that is measured [default: that of the configuration].")
@config_option
def capture(
    name: str,
    sessions: int,
    samples: int,
    quick: bool,
    globs: tuple[str, ...],
    release: str | None,
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
        if plan.least_seconds():
            click.echo(f"This takes at least {plan.least_seconds() / 60:.0f} minutes.", err=True)
        async with ProbeSet(configuration.settings.probes, configuration.settings.targets, clock) as probes:
            capturing = Capturing(configuration, probes, PostgresLedger(pool), clock, TerminalProgress())
            captured = await capturing.capture(name, plan, globs=globs, release=release)
        await store.save(captured)
        return captured

    captured = with_store(configuration, act)
    click.echo(f"{captured.name}: {len(captured.series)} series, {len(captured.sessions)} sessions, {captured.release}")


@baseline.command("list", epilog="Example: portalwatch baseline list --format json")
@format_option()
@config_option
def list_(output_format: str, config: Path | None) -> None:
    """All baselines, oldest first."""

    async def act(pool: asyncpg.Pool) -> list[BaselineSummary]:
        return await PostgresBaselines(pool).summaries()

    summaries = with_store(configured(config), act)
    if output_format == "json":
        click.echo(json.dumps([asdict(one) for one in summaries], default=str, indent=2))
        return
    if not summaries:
        click.echo("There is no baseline yet; capture one with `portalwatch baseline capture NAME`.", err=True)
        return
    print_table(
        ["name", "environment", "release", "captured", "by", "sessions", "series", "state"],
        [
            [
                one.name,
                one.environment,
                one.release,
                f"{one.finished_at:%Y-%m-%d %H:%M} UTC",
                one.captured_by,
                str(one.sessions),
                str(one.series),
                _state(one),
            ]
            for one in summaries
        ],
    )


@baseline.command(epilog="Example: portalwatch baseline show before-v42")
@click.argument("name")
@format_option()
@config_option
def show(name: str, output_format: str, config: Path | None) -> None:
    """One baseline: its series, its sessions and what they were taken under."""

    async def act(pool: asyncpg.Pool) -> Baseline:
        return await PostgresBaselines(pool).load(name)

    loaded = with_store(configured(config), act)
    if output_format == "json":
        click.echo(json.dumps(_details(loaded), default=str, indent=2))
        return
    click.echo(f"{loaded.name}: {loaded.environment}, release {loaded.release}, captured by {loaded.captured_by}")
    print_table(
        ["session", "started", "spacing", "host load", "configuration"],
        [_session_row(one) for one in loaded.sessions],
    )
    print_table(
        ["series", "n", "failed", "median", "p95", "max"],
        [
            [
                series,
                str(summary.n),
                str(summary.failed + summary.timed_out),
                *(_ms(value) for value in (summary.median, summary.p95, summary.maximum)),
            ]
            for series in loaded.series
            for summary in [summarise(loaded.samples_of(series))]
        ],
    )


@baseline.command(epilog="Example: portalwatch baseline approve before-v42")
@click.argument("name")
@click.option("--by", default=user_name, help="Who approves [default: you].")
@config_option
def approve(name: str, by: str, config: Path | None) -> None:
    """Approve a baseline and make it active: the service holds its measurements against it."""

    async def act(pool: asyncpg.Pool) -> None:
        await PostgresBaselines(pool).approve(name, by, SystemClock().now())

    with_store(configured(config), act)
    click.echo(f"{name} is approved by {by} and active.")


def _state(one: BaselineSummary) -> str:
    if one.extends is not None:
        return f"further sessions of {one.extends}"
    return ", ".join(word for word, holds in [("active", one.active), ("approved", one.approved_by)] if holds)


def _session_row(session: CaptureSession) -> list[str]:
    conditions = session.conditions
    load = "-" if conditions.host_load is None else f"{conditions.host_load:.2f}"
    started = f"{session.started_at:%Y-%m-%d %H:%M:%S} UTC"
    return [str(session.number), started, conditions.spacing, load, conditions.configuration_hash]


def _details(loaded: Baseline) -> dict[str, Any]:
    return {
        "name": loaded.name,
        "environment": loaded.environment,
        "release": loaded.release,
        "captured_by": loaded.captured_by,
        "sessions": [
            {
                "number": session.number,
                "started_at": session.started_at,
                "finished_at": session.finished_at,
                "conditions": asdict(session.conditions),
            }
            for session in loaded.sessions
        ],
        "series": {
            series: {"unit": one.unit, **asdict(summarise(loaded.samples_of(series)))}
            for series, one in loaded.series.items()
        },
    }


def _ms(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1000:.2f} ms"
