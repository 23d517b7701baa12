"""A small demo portal for every test that asks: its database filled, its server answering."""

import asyncio
from collections.abc import Iterator

import httpx
import pytest

from monitor.demo.portal import SMALL, install
from tests.monitor.demo.served_portal import PASSWORD, SERVICE_PASSWORD, logged_in, served


@pytest.fixture
def portal_database(empty_database: str) -> str:
    """The DSN of a small portal's database, not migrated."""
    asyncio.run(install(empty_database, adviser_password=PASSWORD, service_password=SERVICE_PASSWORD, volume=SMALL))
    return empty_database


@pytest.fixture
def portal(portal_database: str) -> Iterator[httpx.Client]:
    """A logged-in client of the portal that serves `portal_database`."""
    with served(portal_database) as url, logged_in(url) as client:
        yield client
