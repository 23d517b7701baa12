"""`portalwatch check`."""

import json
from pathlib import Path

import asyncpg
import click

from baselines.postgres import PostgresBaselines
from baselines.postgres_ledger import PostgresLedger
from monitor.checks.performance import judge_by
from monitor.checks.postgres import PostgresCheckRuns
from monitor.checks.run import run_check
from monitor.cli.context import configured, with_store
from monitor.cli.options import config_option, format_option
from monitor.cli.tables import print_table
from monitor.clock import SystemClock
from monitor.comparing import Comparing, Figures
from monitor.configuration import Configuration
from monitor.database import StoreUnreachableError
from monitor.errors import ExitCode
from monitor.event_loop import run
from probes import series_of
from thresholds import CheckKind, CheckReport, CheckStatus


@click.command(epilog="Example: portalwatch check performance_test_suite --keep --format json")
@click.argument("kind", type=click.Choice([one.value for one in CheckKind]), default=CheckKind.SYSTEM_HEALTH.value)
@click.option("--keep", is_flag=True, help="Keep the result in the store, for the page, metrics and alerts.")
@format_option()
@config_option
def check(kind: str, keep: bool, output_format: str, config: Path | None) -> ExitCode:
    """One check now: every component PASS, WARNING or FAIL with its figures.

    Without a KIND it is the system health validation.
    """
    report = _checked(CheckKind(kind), configured(config), keep=keep)
    if output_format == "json":
        click.echo(json.dumps(report.document(), indent=2))
    else:
        rows = [
            [name, line.status, line.name, line.detail] for name, lines in report.components.items() for line in lines
        ]
        print_table(["component", "status", "check", "figure"], rows)
        click.echo(", ".join(f"{name}: {status}" for name, status in report.statuses.items()))
    if report.unreachable:
        click.echo(f"portalwatch: can't be reached: {', '.join(report.unreachable)}", err=True)
        return ExitCode.CANNOT_RUN
    return ExitCode.FINDING if report.status is CheckStatus.FAIL else ExitCode.WELL


def _checked(kind: CheckKind, configuration: Configuration, *, keep: bool) -> CheckReport:
    """The report. The store is opened where something is kept in it or read from it; the suite goes on without it."""
    settings, clock = configuration.settings, SystemClock()

    async def act(pool: asyncpg.Pool) -> CheckReport:
        figures = Figures.load(configuration, series_of(settings.probes))
        comparing = Comparing(figures=figures, store=PostgresBaselines(pool), ledger=PostgresLedger(pool))
        judge = judge_by(comparing, settings.environment, clock)
        report = await run_check(kind, configuration, clock, judge=judge)
        if keep:
            await PostgresCheckRuns(pool).append(settings.environment, settings.release, report)
        return report

    if keep:
        return with_store(configuration, act)
    if kind is CheckKind.PERFORMANCE:
        try:
            return with_store(configuration, act)
        except StoreUnreachableError as error:
            click.echo(f"Not held against a baseline: {error}", err=True)
    return run(run_check(kind, configuration, clock))
