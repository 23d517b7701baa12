"""`portalwatch store`: migrate, status, prune."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import click

from baselines.postgres import PostgresMeasurements
from baselines.postgres_inspections import PostgresInspections
from baselines.postgres_ledger import PostgresLedger
from baselines.postgres_snapshots import PostgresSnapshots
from monitor.cli.context import configured, with_store
from monitor.cli.options import config_option, format_option
from monitor.cli.tables import print_table
from monitor.clock import SystemClock
from monitor.database import schema_revision
from monitor.sql import statement


@click.group(epilog="Example: portalwatch store status")
def store() -> None:
    """The PostgreSQL database that keeps measurements, baselines and alerts."""


@store.command(epilog="Example: portalwatch store migrate")
@config_option
def migrate(config: Path | None) -> None:
    """Bring the schema to this release, all or nothing."""

    async def act(pool: asyncpg.Pool) -> str | None:
        return await schema_revision(pool)

    click.echo(f"The store is at revision {with_store(configured(config), act)}.")


@store.command(epilog="Example: portalwatch store status --format json")
@format_option()
@config_option
def status(output_format: str, config: Path | None) -> None:
    """The schema's revision, and what each table holds."""

    async def act(pool: asyncpg.Pool) -> tuple[str | None, list[dict[str, Any]]]:
        tables = [dict(row) for row in await pool.fetch(statement("select_table_sizes"))]
        return await schema_revision(pool), tables

    revision, tables = with_store(configured(config), act)
    if output_format == "json":
        click.echo(json.dumps({"revision": revision, "tables": tables}, indent=2))
        return
    click.echo(f"revision {revision}")
    print_table(["table", "rows", "bytes"], [[row["name"], f"{row['rows']:,}", f"{row['bytes']:,}"] for row in tables])


@store.command(epilog="Example: portalwatch store prune")
@config_option
def prune(config: Path | None) -> None:
    """Close the hours that ended, and drop what is older than the configuration keeps."""
    configuration = configured(config)
    settings = configuration.settings.store

    async def act(pool: asyncpg.Pool) -> tuple[int, int]:
        now = SystemClock().now()
        measurements = PostgresMeasurements(pool)
        moved = await measurements.compact(now)
        samples_before, rollups_before = (
            now - timedelta(days=days) for days in (settings.samples_days, settings.rollups_days)
        )
        await PostgresLedger(pool).prune(samples_before)
        await PostgresInspections(pool).prune(samples_before)
        await PostgresSnapshots(pool).prune(samples_before)
        return moved, await measurements.prune(samples_before, rollups_before)

    moved, dropped = with_store(configuration, act)
    click.echo(f"{moved} samples moved into chunks, {dropped} partitions dropped")
