"""The store on every PostgreSQL we claim: what is kept, compacted, told and dropped on one is so on all."""

import asyncio
import uuid
from datetime import timedelta
from pathlib import Path

from alerts import AlertState, Evidence, Policy
from alerts.postgres import PostgresAlerts
from baselines import Measurement, Outcome, Series, SeriesRegistry, Unit
from baselines.postgres import PostgresBaselines, PostgresMeasurements
from monitor.database import migrate, store_pool
from monitor.embedded import EmbeddedServer, PostgresBinaries
from tests.baselines.made import baseline
from tests.clocks import START
from thresholds import Finding, Level, Rule, load_routing


def measured(minute: int) -> Measurement:
    """A measurement so many minutes after the start."""
    at = START + timedelta(minutes=minute)
    return Measurement(series="q.a", intended_at=at, started_at=at, outcome=Outcome.OK, value=0.01)


def test_the_store_works_on_each_postgres(each_postgres: PostgresBinaries, reachable_directory: Path) -> None:
    """Migration, baselines, chunks with rollups, retention, and an alert with its history."""
    directory = reachable_directory / f"version-{each_postgres.major}-{uuid.uuid4().hex[:6]}"
    with EmbeddedServer.start(directory, binaries=each_postgres, durable=False) as server:
        server.create_database("store")
        asyncio.run(use(server.dsn("store")))


async def use(dsn: str) -> None:
    """Everything once."""
    await migrate(dsn)
    async with store_pool(dsn) as pool:
        kept = PostgresBaselines(pool)
        await kept.save(baseline("before", [{"q.a": [0.01, None]}]))
        await kept.save(baseline("before+1", [{"q.a": [0.02]}]), extends="before")
        assert len((await kept.load("before")).sessions) == 2

        measurements = PostgresMeasurements(pool)
        await measurements.register(SeriesRegistry([Series("q.a")]))
        await measurements.append([measured(minute) for minute in range(100)])
        assert await measurements.compact(START + timedelta(hours=1, minutes=10)) == 60
        assert len((await measurements.since(["q.a"], START))["q.a"]) == 100
        later = START + timedelta(weeks=10)
        assert await measurements.prune(later, later) == 2
        assert len((await measurements.since(["q.a"], START))["q.a"]) == 40

        alerts = PostgresAlerts(pool, Policy(load_routing(), {}, lambda _: Evidence(1, 1)))
        for level in (Level.WARNING, Level.OK):
            await alerts.record([finding(level)], START)
        (record,) = await alerts.list_alerts((AlertState.RESOLVED,))
        assert record.events[0].event == "fired"


def finding(level: Level) -> Finding:
    """What the baseline rule says of the series."""
    return Finding(
        series="q.a",
        route="database_performance",
        rule=Rule.BASELINE,
        level=level,
        unit=Unit.SECONDS,
        summary="q.a",
        since=START,
        value=2.0,
        limit=1.25,
    )
