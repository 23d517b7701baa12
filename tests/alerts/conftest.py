"""Fixtures of this room: the customer's routing, a migrated database, and a house around it."""

import asyncio
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Any

import asyncpg
import pytest
from apprise import Apprise

from alerts import Alerts, Policy
from alerts.postgres import PostgresAlerts
from tests.alerts.house import (
    House,
    ManualClock,
    OpenHouse,
    RecordingObserver,
    evidence,
    new_worker,
    running_sink,
    sink_channel,
)
from thresholds.routing import Routing, load_routing


@pytest.fixture(scope="session", autouse=True)
def apprise_plugins() -> None:
    """Load Apprise's plugins once: one of them imports a module of the standard library that is deprecated."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        assert Apprise.instantiate("json://localhost") is not None


@pytest.fixture(scope="session")
def routing() -> Routing:
    """The customer's tiers as shipped."""
    return load_routing()


@pytest.fixture
def database(empty_database: str) -> str:
    """The DSN of a database with the tables of this room."""

    async def migrate() -> None:
        connection = await asyncpg.connect(empty_database)
        await connection.execute((files("monitor.migrations") / "versions" / "0002_pre_alerts.sql").read_text())
        await connection.close()

    asyncio.run(migrate())
    return empty_database


@pytest.fixture
def open_house(database: str, routing: Routing) -> OpenHouse:
    """`async with open_house("slack-alerts", ...)`: those channels lead to the sink; options go to their settings."""

    @asynccontextmanager
    async def opened(*names: str, **options: dict[str, Any]) -> AsyncIterator[House]:
        async with running_sink() as sink, asyncpg.create_pool(database, min_size=8, max_size=8) as pool:
            channels = {
                name: sink_channel(sink.port, name, **options.get(name.replace("-", "_"), {})) for name in names
            }
            clock, observer = ManualClock(), RecordingObserver()
            policy = Policy(routing, channels, evidence)
            store = PostgresAlerts(pool, policy, "first")
            worker = new_worker(store, channels, clock, observer)
            alerts = Alerts(store, worker, clock=clock, observer=observer)
            yield House(sink, clock, observer, pool, policy, store, worker, alerts)

    return opened
