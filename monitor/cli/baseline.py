"""`portalwatch baseline`: the commands of the group, and those that show: list and show."""

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import click

from baselines import Approval, Baseline, BaselineSummary, CaptureSession, Forced, Summary, summarise
from baselines.postgres import PostgresBaselines
from monitor.cli.baseline_approve import approve
from monitor.cli.baseline_capture import capture
from monitor.cli.baseline_files import delete, export, import_
from monitor.cli.context import configured, with_store
from monitor.cli.from_history import from_history
from monitor.cli.options import config_option, format_option
from monitor.cli.tables import print_table
from monitor.clock import SystemClock


@click.group(
    commands=[capture, from_history, approve, export, import_, delete],
    epilog="Example: portalwatch baseline capture before-v42 --release v41",
)
def baseline() -> None:
    """Named, immutable captures of how long everything takes."""


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
    now = SystemClock().now()
    print_table(
        ["name", "environment", "release", "captured", "by", "sessions", "series", "state", "approved"],
        [
            [
                one.name,
                one.environment,
                one.release,
                f"{one.finished_at:%Y-%m-%d %H:%M} UTC",
                one.captured_by,
                str(one.sessions),
                str(one.series),
                _state(one, now),
                _approval(one.approval),
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
    now = SystemClock().now()
    click.echo(f"{loaded.name}: {loaded.environment}, release {loaded.release}, captured by {loaded.captured_by}")
    if loaded.approval is not None:
        expired = " (expired)" if loaded.approval.has_expired(now) else ""
        click.echo(f"approved {_approval(loaded.approval)}{expired}")
        _show_forced("approved", loaded.approval.forced)
    for forced in dict.fromkeys(one.conditions.forced for one in loaded.sessions):
        _show_forced("captured", forced)
    print_table(
        ["session", "started", "took", "spacing", "host load", "release", "configuration", "rules", "prober"],
        [_session_row(one) for one in loaded.sessions],
    )
    print_table(
        ["series", "n", "failed", "median", "p95", "max", "cold calls", "cold median", "coldest"],
        [
            [
                series,
                str(summary.n),
                str(summary.failed + summary.timed_out),
                *(_ms(value) for value in (summary.median, summary.p95, summary.maximum)),
                str(cold.n),
                *(_ms(value) for value in (cold.median, cold.maximum)),
            ]
            for series in loaded.series
            for summary, cold in [(summarise(loaded.samples_of(series)), _cold(loaded, series))]
        ],
    )


def _state(one: BaselineSummary, now: datetime) -> str:
    if one.extends is not None:
        return f"further sessions of {one.extends}"
    expired = one.approval is not None and one.approval.has_expired(now)
    return ", ".join(word for word, holds in [("active", one.active), ("expired", expired)] if holds)


def _approval(approval: Approval | None) -> str:
    """By whom, when, until when and in spite of what, on one line."""
    if approval is None:
        return ""
    until = "" if approval.expires_at is None else f", until {approval.expires_at:%Y-%m-%d %H:%M} UTC"
    forced = "" if approval.forced is None else f", forced: {approval.forced.reason}"
    return f"by {approval.by} on {approval.at:%Y-%m-%d %H:%M} UTC{until}{forced}"


def _show_forced(what: str, forced: Forced | None) -> None:
    for sentence in forced.against if forced is not None else ():
        click.echo(f"{what} although {sentence}")
    if forced is not None:
        click.echo(f"because: {forced.reason}")


def _session_row(session: CaptureSession) -> list[str]:
    conditions = session.conditions
    return [
        str(session.number),
        f"{session.started_at:%Y-%m-%d %H:%M:%S} UTC",
        f"{(session.finished_at - session.started_at).total_seconds():.1f} s",
        conditions.spacing,
        "-" if conditions.host_load is None else f"{conditions.host_load:.2f}",
        conditions.release,
        conditions.configuration_hash,
        conditions.rule_version,
        conditions.prober_version,
    ]


def _cold(loaded: Baseline, series: str) -> Summary:
    return summarise([session.cold[series] for session in loaded.sessions if series in session.cold])


def _details(loaded: Baseline) -> dict[str, Any]:
    return {
        "name": loaded.name,
        "environment": loaded.environment,
        "release": loaded.release,
        "captured_by": loaded.captured_by,
        "approval": loaded.approval and asdict(loaded.approval),
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
            series: {
                "unit": one.unit,
                **asdict(summarise(loaded.samples_of(series))),
                "cold": asdict(_cold(loaded, series)),
            }
            for series, one in loaded.series.items()
        },
    }


def _ms(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1000:.2f} ms"
