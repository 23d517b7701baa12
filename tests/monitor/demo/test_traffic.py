"""What goes on in the demo portal besides our probes."""

import asyncio
from collections.abc import Iterator
from itertools import islice

import httpx
import pytest

from monitor.demo.portal import LARGE, install
from monitor.demo.traffic import calls
from tests.monitor.demo.deployed_portal import migrate_quietly, rows, value
from tests.monitor.demo.served_portal import PASSWORD, logged_in, served

OWNERS = "SELECT product_id, product_owner_id FROM product_owner_products ORDER BY 1, 2"
DOCUMENTS = (
    "SELECT p.id, o.key::bigint FROM client_products AS p, jsonb_each_text(p.ownership_details -> 'owners') AS o"
    " ORDER BY 1, 2"
)


@pytest.fixture
def large_portal(empty_database: str) -> Iterator[httpx.Client]:
    """A logged-in client of a portal in the size of the demo, not migrated."""
    asyncio.run(install(empty_database, adviser_password=PASSWORD, volume=LARGE))
    with served(empty_database) as url, logged_in(url) as client:
        yield client


def test_every_call_is_answered_on_both_schemas(large_portal: httpx.Client, empty_database: str) -> None:
    """Reads and writes alike; in the end each share is where it was, in the old table and in the documents, and after
    the migration every write has left its trace in the audit log."""
    # A share goes there and back between two reads.
    chosen = list(islice(calls(seed=1), 300))
    chosen = chosen[: max(at for at, one in enumerate(chosen) if one[0] == "GET") + 1]
    owners = rows(empty_database, OWNERS)

    def statuses() -> set[int]:
        return {large_portal.request(method, path, json=body).status_code for method, path, body in chosen}

    assert {method for method, _, _ in chosen} == {"GET", "PUT"}
    assert statuses() == {200}
    migrate_quietly(empty_database)
    assert statuses() == {200}
    assert rows(empty_database, OWNERS) == owners == rows(empty_database, DOCUMENTS)
    assert value(empty_database, "SELECT count(*) FROM ownership_audit_log") == sum(one[0] == "PUT" for one in chosen)


def test_the_same_seed_makes_the_same_calls() -> None:
    """So that what both captures meet is alike."""
    assert list(islice(calls(seed=1), 50)) == list(islice(calls(seed=1), 50)) != list(islice(calls(seed=2), 50))
