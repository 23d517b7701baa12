"""`portalwatch snapshot`: what was kept, one of them, and one now."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg

from baselines.postgres_snapshots import PostgresSnapshots
from baselines.snapshot import DatabaseSession, HostProcess, Snapshot
from monitor.errors import ExitCode
from tests.monitor.cli.commands import NOWHERE, PASSWORD, configuration, portalwatch, sql_probes
from tests.monitor.cli.stored import in_store
from tests.probes.database.test_snapshot import another, pile_up

NOW = datetime.now(UTC)
TAKEN = Snapshot(
    source="db",
    at=NOW - timedelta(hours=3),
    reason="timeout: the statement took longer than 5 s",
    series="database_queries.a",
    sessions=(
        DatabaseSession(pid=4711, application="batch", state="idle in transaction", state_seconds=41.0),
        DatabaseSession(pid=2, state="active", wait="Lock: relation", statement="SELECT ?", blocked_by=(4711,)),
    ),
    connections=42,
    max_connections=100,
    waiting_for_locks=1,
    processes=(HostProcess(7, "postgres", 1.5, 2**30),),
    gaps=("something could not be seen",),
)


def keep(store: str, *snapshots: Snapshot) -> None:
    """Put them into the store."""

    async def act(pool: asyncpg.Pool) -> None:
        for one in snapshots:
            await PostgresSnapshots(pool).append("test", one)

    in_store(store, act)


def test_what_was_kept_is_listed_and_shown(store: str, tmp_path: Path) -> None:
    """The list has the sentence of each since then; one of them is shown with sessions, processes and gaps."""
    path = configuration(tmp_path, store)
    keep(store, TAKEN)
    assert portalwatch("snapshot", "list", "--since", "2h", "--config", path).out == ""
    listed = portalwatch("snapshot", "list", "--config", path)
    assert "pid 4711 (batch, idle in transaction for 41 s) blocks 1 session" in listed.out
    (one,) = portalwatch("snapshot", "list", "--format", "json", "--config", path).json()
    shown = portalwatch("snapshot", "show", one["id"], "--config", path)
    for text in ("42 of 100 connections", "Lock: relation", "150%", "1,024 MiB", *TAKEN.gaps, TAKEN.reason, "SELECT ?"):
        assert text in shown.out
    document = portalwatch("snapshot", "show", one["id"], "--format", "json", "--config", path).json()
    assert (document["id"], document["sessions"][1]["blocked_by"]) == (one["id"], [4711])


def test_one_that_is_not_there_is_said(store: str, tmp_path: Path) -> None:
    """With what to do instead."""
    answer = portalwatch("snapshot", "show", 17, "--config", configuration(tmp_path, store))
    assert answer.code == ExitCode.USAGE
    assert "there is no snapshot 17; see `portalwatch snapshot list`" in answer.err


def test_one_is_taken_now(empty_database: str, tmp_path: Path) -> None:
    """Of a pile-up as it stands, without a store."""
    path = configuration(tmp_path, NOWHERE, **sql_probes(empty_database, a="SELECT 1"))

    async def run() -> None:
        async with another(empty_database) as administrator:
            await administrator.execute("CREATE TABLE accounts AS SELECT 7 AS id, 'x' AS owner")
            async with pile_up(empty_database, administrator) as culprit:
                taken = await asyncio.to_thread(portalwatch, "snapshot", "take", "db", "--config", path)
        assert taken.code == ExitCode.WELL
        assert f"pid {culprit} (batch, idle in transaction for " in taken.out
        assert " s: UPDATE accounts SET owner = ? WHERE id = ?) blocks 5 sessions" in taken.out

    asyncio.run(run())


def test_a_database_out_of_reach_is_said(tmp_path: Path) -> None:
    """The host is shown all the same, no password is, and the code says that it could not be read."""
    path = configuration(tmp_path, NOWHERE, **sql_probes(NOWHERE, a="SELECT 1"))
    answer = portalwatch("snapshot", "take", "db", "--format", "json", "--config", path)
    assert answer.code == ExitCode.CANNOT_RUN
    assert answer.json()["sentence"].startswith("the database could not be read: ")
    assert answer.json()["processes"]
    assert PASSWORD not in answer.out + answer.err


def test_a_target_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """With the names of those that are."""
    path = configuration(tmp_path, NOWHERE, **sql_probes(NOWHERE, a="SELECT 1"))
    answer = portalwatch("snapshot", "take", "portal", "--config", path)
    assert answer.code == ExitCode.USAGE
    assert "'portal' is no database; there are: db" in answer.err
