"""The demo portal's database, before and after its migration, and the role that it is watched as."""

import asyncio
from collections.abc import Iterator

import pytest

from monitor.demo.portal import SMALL, install
from probes.database.sql import statement
from tests.monitor.demo.deployed_portal import ask, migrate_quietly
from tests.monitor.demo.served_portal import PASSWORD
from tests.probes.database.watched_database import as_role


@pytest.fixture
def portal_database(empty_database: str) -> str:
    """The DSN of a small portal's database, not migrated."""
    asyncio.run(install(empty_database, adviser_password=PASSWORD, volume=SMALL))
    return empty_database


@pytest.fixture
def migrated(portal_database: str) -> str:
    """The DSN of the same after its migration."""
    migrate_quietly(portal_database)
    return portal_database


@pytest.fixture
def probe_role(portal_database: str) -> Iterator[str]:
    """The portal's DSN as the role that `grants.sql` makes; gone after the test."""
    ask(portal_database, lambda connection: connection.execute(statement("grants")))
    yield as_role(portal_database, "portalwatch_probe")
    ask(
        portal_database,
        lambda connection: connection.execute("DROP OWNED BY portalwatch_probe; DROP ROLE portalwatch_probe"),
    )
