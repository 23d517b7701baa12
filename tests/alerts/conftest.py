"""Fixtures of this room: the customer's routing, a migrated database, and a house around it."""

import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from apprise import Apprise

from alerts.postgres import PostgresAlerts
from alerts.postgres_outbox import PostgresOutbox
from tests.alerts.house import (
    House,
    ManualClock,
    OpenHouse,
    RecordingObserver,
    new_room,
    open_in_memory,
    policy_for_tests,
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
def database(store: str) -> str:
    """The DSN of a migrated store."""
    return store


@pytest.fixture(params=["store", "memory"])
def open_either(request: pytest.FixtureRequest, routing: Routing) -> OpenHouse:
    """`open_house` on the store, and the same without one: what holds must hold for both."""
    if request.param == "store":
        opener: OpenHouse = request.getfixturevalue("open_house")
        return opener
    return open_in_memory(routing)


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
            policy = policy_for_tests(routing, channels, options)
            store, outbox = PostgresAlerts(pool, policy), PostgresOutbox(pool, policy, "first")
            worker, alerts = new_room(store, outbox, policy, clock, observer)
            yield House(sink, clock, observer, pool, policy, store, outbox, worker, alerts)

    return opened
