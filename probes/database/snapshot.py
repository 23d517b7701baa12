"""What a watched database is doing now: one statement over its one connection, which waits for no lock of a table."""

import asyncio
import secrets
from collections.abc import Sequence
from datetime import datetime

import asyncpg

from baselines.clock import Clock
from baselines.snapshot import DatabaseSession, Snapshot
from probes.database.link import DatabaseLink
from probes.database.sql import statement
from probes.database.tokens import masked
from probes.errors import ProbeFailed
from probes.probe import ProbeRun
from probes.stopwatch import LoopDelay, Stopwatch

STATEMENT_CHARACTERS = 500
# For our turn, behind a probe that may be in its time-out, and then for the server.
_TURN_SECONDS = 5.0
_LOOK_SECONDS = 2.0


async def database_snapshot(source: str, link: DatabaseLink, at: datetime, reason: str, clock: Clock) -> Snapshot:
    """The sessions of a server that do something, and who waits for whom; a gap says why where that can't be read."""
    run = ProbeRun(0, secrets.token_hex(16), clock, Stopwatch(clock, LoopDelay(clock)))
    limit = _TURN_SECONDS
    try:
        async with asyncio.timeout(limit) as deadline, link.turn():
            limit = _LOOK_SECONDS
            deadline.reschedule(asyncio.get_running_loop().time() + limit)
            rows = await link.rows(statement("activity"), (), run)
    except (ProbeFailed, TimeoutError) as error:
        why = str(error) or f"no answer within {limit:g} s"
        return Snapshot(source=source, at=at, reason=reason, gaps=(f"the database could not be read: {why}",))
    return _snapshot(source, at, reason, rows)


def _snapshot(source: str, at: datetime, reason: str, rows: Sequence[asyncpg.Record]) -> Snapshot:
    totals = rows[0]
    gaps = []
    if totals["hidden"]:
        gaps.append(f"what {totals['hidden']} sessions of others do can't be seen; pg_read_all_stats would show it")
    return Snapshot(
        source=source,
        at=at,
        reason=reason,
        sessions=tuple(_session(row) for row in rows if row["pid"] is not None),
        connections=totals["connections"],
        max_connections=totals["max_connections"],
        waiting_for_locks=totals["waiting"],
        gaps=tuple(gaps),
    )


def _session(row: asyncpg.Record) -> DatabaseSession:
    text = row["statement"]
    return DatabaseSession(
        pid=row["pid"],
        application=row["application"],
        user=row["role_name"],
        state=row["state"],
        wait=row["wait"],
        state_seconds=row["state_seconds"],
        transaction_seconds=row["transaction_seconds"],
        statement=masked(text)[:STATEMENT_CHARACTERS] if text else None,
        blocked_by=tuple(row["blocked_by"] or ()),
    )
