"""`portalwatch alerts history`: everything that happened, to read or to export."""

import csv
import io
import json
from dataclasses import asdict, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import click

from alerts import AlertEvent
from monitor.cli.alerts.opened import stored_alerts
from monitor.cli.context import configured, with_store
from monitor.cli.options import config_option, format_option
from monitor.cli.report import write_file
from monitor.cli.tables import print_table
from monitor.clock import SystemClock

_DAYS = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"])


@click.command(epilog="Example: portalwatch alerts history --since 2026-11-01 --format csv --output november.csv")
@click.option("--since", type=_DAYS, help="From when on, in UTC [default: a week ago].")
@click.option("--until", type=_DAYS, help="Until before when, in UTC [default: now].")
@format_option("csv")
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), help="A file to write it into: JSON, else CSV."
)
@config_option
def history(
    since: datetime | None, until: datetime | None, output_format: str, output: Path | None, config: Path | None
) -> None:
    """Who was told what, when, over which channel, with what outcome; who answered. Nothing of it ever changes."""
    configuration = configured(config)
    now = SystemClock().now()
    start = since.replace(tzinfo=UTC) if since else now - timedelta(days=7)
    end = until.replace(tzinfo=UTC) if until else now

    async def act(pool: asyncpg.Pool) -> list[AlertEvent]:
        return await stored_alerts(configuration, pool).history(start, end)

    events = with_store(configuration, act)
    if output_format == "table" and output is None:
        print_table(
            ["at", "alert", "event", "tier", "channel", "by", "detail"],
            [
                [
                    f"{one.at:%Y-%m-%d %H:%M:%S} UTC",
                    one.alert_id,
                    one.event,
                    one.tier,
                    one.channel or "",
                    one.by or "",
                    one.detail,
                ]
                for one in events
            ],
        )
        return
    text = _as_json(events) if output_format == "json" else _as_csv(events)
    if output is None:
        click.echo(text, nl=False)
    else:
        write_file(text.encode(), output)


def _as_json(events: list[AlertEvent]) -> str:
    return json.dumps([{**asdict(one), "at": one.at.isoformat()} for one in events], indent=2) + "\n"


def _as_csv(events: list[AlertEvent]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    names = [one.name for one in fields(AlertEvent)]
    writer.writerow(names)
    writer.writerows(
        [_cell(one.at.isoformat() if name == "at" else getattr(one, name)) for name in names] for one in events
    )
    return text.getvalue()


def _cell(value: str | None) -> str:
    """What a spreadsheet would take for a formula is kept from it."""
    text = value or ""
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
