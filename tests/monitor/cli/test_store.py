"""`portalwatch store` and `portalwatch token`."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from baselines import Measurement, Outcome, Series, SeriesRegistry
from baselines.postgres import PostgresMeasurements
from monitor.access import AccessTokens, Right
from monitor.database import newest_revision
from tests.monitor.cli.commands import NOWHERE, PASSWORD, configuration, portalwatch
from tests.monitor.cli.stored import in_store, made, save

TABLES = {"baseline", "capture_session", "series", "alert", "access_token", "sample_head"}


def test_migrating_twice_is_migrating_once(empty_database: str, tmp_path: Path) -> None:
    """An empty database becomes a store, and a second run finds it so."""
    path = configuration(tmp_path, empty_database)
    first, second = (portalwatch("store", "migrate", "--config", path) for _ in range(2))
    assert (first.code, first.out) == (0, f"The store is at revision {newest_revision()}.\n")
    assert second == first


def test_a_store_that_refuses_the_migration_is_4(empty_database: str, tmp_path: Path) -> None:
    """A table of ours is in the way: one sentence with the server's words, no traceback."""

    async def block() -> None:
        connection = await asyncpg.connect(empty_database)
        await connection.execute("CREATE TABLE baseline (id int)")
        await connection.close()

    asyncio.run(block())
    answer = portalwatch("store", "migrate", "--config", configuration(tmp_path, empty_database))
    assert (answer.code, answer.out) == (4, "")
    assert 'relation "baseline" already exists' in answer.err
    assert "Traceback" not in answer.err


def test_the_status_has_revision_and_tables(store: str, tmp_path: Path) -> None:
    """Both formats name every table with its size."""
    save(store, made("first", 40))
    path = configuration(tmp_path, store)
    document = portalwatch("store", "status", "--format", "json", "--config", path).json()
    assert document["revision"] == newest_revision()
    tables = {one["name"]: one for one in document["tables"]}
    assert tables.keys() >= TABLES
    assert tables["baseline"]["bytes"] > 0
    printed = portalwatch("store", "status", "--config", path).out
    assert newest_revision() in printed
    assert all(name in printed for name in tables)


def test_pruning_closes_hours_and_drops_what_is_old(store: str, tmp_path: Path) -> None:
    """Samples of ended hours move into chunks, those beyond samples_days go; the second run has nothing to do."""

    async def measure(pool: asyncpg.Pool) -> None:
        measurements = PostgresMeasurements(pool)
        await measurements.register(SeriesRegistry([Series("q.a")]))
        times = [datetime.now(UTC) - timedelta(days=days) for days in (60, 1, 1, 0)]
        await measurements.append(
            [Measurement(series="q.a", intended_at=at, started_at=at, outcome=Outcome.OK, value=0.01) for at in times]
        )

    async def left(pool: asyncpg.Pool) -> int:
        since = await PostgresMeasurements(pool).since(["q.a"], datetime.now(UTC) - timedelta(days=90))
        return len(since["q.a"])

    in_store(store, measure)
    path = configuration(tmp_path, store)
    first = portalwatch("store", "prune", "--config", path)
    assert (first.code, first.out.startswith("3 samples moved into chunks, ")) == (0, True)
    assert "0 partitions" not in first.out
    assert in_store(store, left) == 3
    assert portalwatch("store", "prune", "--config", path).out == "0 samples moved into chunks, 0 partitions dropped\n"


@pytest.mark.parametrize(
    "command",
    [
        ("store", "migrate"),
        ("store", "status"),
        ("store", "prune"),
        ("token", "create", "a", "--right", "operator"),
        ("alerts", "list"),
        ("baseline", "list"),
    ],
)
def test_an_unreachable_store_is_4(command: tuple[str, ...], tmp_path: Path) -> None:
    """Whatever the command: one sentence, no password, nothing on standard output."""
    answer = portalwatch(*command, "--config", configuration(tmp_path, NOWHERE))
    assert (answer.code, answer.out) == (4, "")
    assert answer.err.startswith("portalwatch: the store can't be reached")
    assert "Traceback" not in answer.err
    assert PASSWORD not in answer.err


@pytest.mark.parametrize("url", [f"postgresql://u:{PASSWORD}@127.0.0.1:port/x", f"nonsense-{PASSWORD}"])
def test_a_store_url_that_is_none_is_told(url: str, tmp_path: Path) -> None:
    """2 or 4, with neither a traceback nor the password that may stand in it."""
    answer = portalwatch("store", "status", "--config", configuration(tmp_path, url))
    assert answer.code in (2, 4)
    assert "Traceback" not in answer.err
    assert PASSWORD not in answer.err


@pytest.mark.parametrize("right", [Right.OPERATOR, Right.INGEST])
def test_a_token_is_made_once_and_ends_at_once(store: str, tmp_path: Path, right: Right) -> None:
    """It is all of standard output, gives that right and no other, and none after it was revoked."""
    path = configuration(tmp_path, store)

    def right_of(token: str) -> Right | None:
        async def ask(pool: asyncpg.Pool) -> Right | None:
            return await AccessTokens(pool).right_of(token, datetime.now(UTC))

        return in_store(store, ask)

    made_token = portalwatch("token", "create", "ann", "--right", right.value, "--days", 1, "--config", path)
    token = made_token.out.strip()
    assert (made_token.code, right_of(token)) == (0, right)
    again = portalwatch("token", "create", "ann", "--right", right.value, "--config", path)
    assert (again.code, again.out) == (2, "")
    assert portalwatch("token", "revoke", "ann", "--config", path).code == 0
    assert right_of(token) is None
    twice = portalwatch("token", "revoke", "ann", "--config", path)
    assert (twice.code, "there is no valid token 'ann'" in twice.err) == (2, True)


def test_the_public_view_has_no_token(store: str, tmp_path: Path) -> None:
    """It is no right one can ask for."""
    answer = portalwatch("token", "create", "x", "--right", "public_view", "--config", configuration(tmp_path, store))
    assert answer.code == 2
