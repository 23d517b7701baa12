"""How a connection to a watched database is opened: read-only, bounded in every wait, and told apart by its name."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import asyncpg

from baselines.measurement import Reason
from probes.errors import ProbeFailed
from probes.targets import PostgresTarget

APPLICATION_NAME = "portalwatch"
# In front of every statement, so that logs, pg_stat_activity and pg_stat_statements show whose it is.
MARKER = "/* portalwatch */ "
# How long a server gets for a farewell, and to show that a cancelled statement has ended.
GRACE_SECONDS = 1.0
# A pooler loses our settings or passes them on to others, and the server's side changes from statement to statement.
POOLER = "a connection pooler (PgBouncer or the like) stands between; point the target's url at the server itself"

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

_WHO_WE_ARE = f"""{MARKER}
SELECT pid, backend_start, datname, current_setting('default_transaction_read_only') = 'on' AS read_only
FROM pg_stat_activity WHERE pid = pg_backend_pid()
"""
_END = f"{MARKER}SELECT pg_terminate_backend(pid, $3) FROM pg_stat_activity WHERE pid = $1 AND backend_start = $2"


@dataclass(frozen=True, slots=True)
class Backend:
    """The server's side of a connection. Process ids are used again; with the start they are one of a kind."""

    pid: int
    started_at: datetime
    database: str


async def connect(target: PostgresTarget, database: str | None = None) -> Connection:
    """A connection to the target's database, or to another one of the same server. Raises the driver's errors."""
    return await asyncpg.connect(
        target.url.get_secret_value(),
        database=database,
        timeout=target.connect_timeout,
        server_settings={
            "application_name": APPLICATION_NAME,
            "default_transaction_read_only": "on",
            "statement_timeout": _milliseconds(target.statement_timeout),
            "lock_timeout": _milliseconds(target.lock_timeout),
            "idle_in_transaction_session_timeout": _milliseconds(target.idle_in_transaction_timeout),
        },
    )


async def backend_of(connection: Connection) -> Backend:
    """Its server's side, asked of the server.

    Raises ProbeFailed where a pooler stands between: what it says at the log-in is made up, and it may have left out
    that the connection is read-only.
    """
    row = await connection.fetchrow(_WHO_WE_ARE)
    if row is None or row["pid"] != connection.get_server_pid() or not row["read_only"]:
        raise ProbeFailed(Reason.PROTOCOL, POOLER)
    return Backend(row["pid"], row["backend_start"], row["datname"])


async def end_backend(connection: Connection, backend: Backend) -> bool:
    """End that other backend of our role; whether it is gone now."""
    ended = await connection.fetchval(_END, backend.pid, backend.started_at, round(GRACE_SECONDS * 1000))
    return ended is not False


async def hang_up(connection: Connection) -> None:
    """End the connection politely, or at once where the server does not answer."""
    if not connection.is_closed():
        try:
            await connection.close(timeout=GRACE_SECONDS)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            connection.terminate()


def _milliseconds(seconds: float) -> str:
    return str(max(1, round(seconds * 1000)))
