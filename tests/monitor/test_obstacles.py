"""What speaks against capturing now, asked of this host and of a real database."""

import asyncio

import asyncpg
import pytest

from monitor import obstacles
from monitor.obstacles import Obstacles, look_for_obstacles
from probes.probe import Links
from probes.targets import PostgresTarget
from tests.monitor.cli.commands import NOWHERE, PASSWORD
from tests.probes.watched import SystemClock


@pytest.fixture(autouse=True)
def _quiet_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """The host the tests run on may be anything."""
    monkeypatch.setattr(obstacles, "host_load", lambda: 0.4)


def looked_at(dsn: str, *statements: str) -> Obstacles:
    """What is found after these statements, whose counts the server has taken in."""

    async def act() -> Obstacles:
        if statements:
            connection = await asyncpg.connect(dsn)
            for one in statements:
                await connection.execute(one)
            await connection.execute("SELECT pg_stat_force_next_flush()")
            await connection.close()
        targets = {"db": PostgresTarget.model_validate({"kind": "postgresql", "url": dsn})}
        clock = SystemClock()
        links = Links(targets, clock)
        try:
            return await look_for_obstacles(targets, links, clock)
        finally:
            await links.close()

    return asyncio.run(act())


def test_nothing_speaks_against_a_quiet_host_and_a_fresh_database(empty_database: str) -> None:
    """An analyzed table is no obstacle, and neither is one of a few rows that nobody will ever analyze."""
    found = looked_at(
        empty_database,
        "CREATE TABLE orders AS SELECT generate_series(1, 1000) AS id",
        "ANALYZE orders",
        "CREATE TABLE countries AS SELECT generate_series(1, 40) AS id",
    )
    assert found == Obstacles((), ())


def test_tables_that_were_never_analyzed_are_found(empty_database: str) -> None:
    """The most changed first, and not all of many."""
    tables = [f"CREATE TABLE t{n} AS SELECT generate_series(1, {n}000) AS id" for n in range(1, 6)]
    assert looked_at(empty_database, *tables).found == (
        "db plans by outdated statistics of t5 (5,000 rows changed, never analyzed), t4 (4,000 rows changed, never "
        "analyzed), t3 (3,000 rows changed, never analyzed) and 2 more: ANALYZE them",
    )


def test_a_table_that_has_just_changed_is_left_to_autovacuum(empty_database: str) -> None:
    """It has been analyzed within ten minutes: a busy table is over its threshold from time to time."""
    found = looked_at(
        empty_database,
        "CREATE TABLE orders AS SELECT generate_series(1, 1000) AS id",
        "ANALYZE orders",
        "UPDATE orders SET id = id + 1",
    )
    assert found.found == ()


def test_a_table_has_a_rule_of_its_own(empty_database: str) -> None:
    """Its storage parameters win over the server's settings."""
    found = looked_at(
        empty_database,
        "CREATE TABLE log (id int) WITH (autovacuum_analyze_threshold = 5000)",
        "INSERT INTO log SELECT generate_series(1, 1000)",
        "CREATE TABLE lean (id int) WITH (autovacuum_analyze_threshold = 10)",
        "INSERT INTO lean SELECT generate_series(1, 20)",
    )
    assert found.found == ("db plans by outdated statistics of lean (20 rows changed, never analyzed): ANALYZE them",)


def test_a_busy_host_is_found(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than one process a processor over the last minute; a host that can't say is taken as it is."""
    monkeypatch.setattr(obstacles, "host_load", lambda: 2.345)
    assert looked_at(empty_database).found == ("this host is busy: a load of 2.3 a processor over the last minute",)
    monkeypatch.setattr(obstacles, "host_load", lambda: None)
    assert looked_at(empty_database) == Obstacles((), ())


def test_a_database_that_can_not_be_asked_is_told() -> None:
    """It is no obstacle by itself, and its password is not shown."""
    found = looked_at(NOWHERE)
    (sentence,) = found.unknown
    assert found.found == ()
    assert sentence.startswith("How old the statistics of db are could not be seen: ")
    assert PASSWORD not in sentence
