"""The one connection to a watched database: read-only, bounded in every wait, and never a second one."""

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement

from baselines.clock import Clock
from baselines.measurement import Reason
from probes.errors import ProbeFailed
from probes.probe import ProbeRun
from probes.targets import PostgresTarget

APPLICATION_NAME = "portalwatch"
# In front of every statement, so that logs, pg_stat_activity and pg_stat_statements show whose it is.
MARKER = "/* portalwatch */ "
# After a deadline the server gets this long to show that the cancelled statement has ended.
CANCEL_GRACE_SECONDS = 1.0

Argument = str | int | float | bool | None


class DatabaseLink:
    """A dedicated connection, opened on first use and again after a loss. `turn` is held by whoever uses it."""

    def __init__(self, target: PostgresTarget, clock: Clock) -> None:
        self._target = target
        self._clock = clock
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self._statements: dict[str, PreparedStatement[asyncpg.Record]] = {}
        self._in_doubt = False
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """The connection for oneself: all else of this class but `close` needs it."""
        async with self._lock:
            yield

    async def fetch(self, query: str, arguments: Sequence[Argument], run: ProbeRun) -> int:
        """The number of rows; the run's stopwatch runs from the statement's start to its last row.

        Connecting and preparing are timed apart, as phases of the run. Raises ProbeFailed.
        """
        connection = await self._connected(run)
        started = self._clock.monotonic()
        with self._translated():
            try:
                return await self._execute(connection, query, arguments, run)
            except asyncpg.InvalidCachedStatementError:
                # The table was altered since: the statement is sound, only its preparation is out of date.
                del self._statements[query]
                run.stopwatch.reset()
                return await self._execute(connection, query, arguments, run)
            except asyncpg.QueryCanceledError as error:
                # The server has one error for its time-out and for a cancellation, told apart only by a text in the
                # server's language. Its time runs from the preparation on; the slack is for the two clocks.
                if self._clock.monotonic() - started < 0.95 * self._target.statement_timeout:
                    raise
                raise ProbeFailed(
                    Reason.STATEMENT_TIMEOUT, f"the statement took longer than {self._target.statement_timeout:g} s"
                ) from error

    async def explain(self, query: str, arguments: Sequence[Argument], run: ProbeRun) -> dict[str, Any]:
        """The plan of the query with these arguments as PostgreSQL tells it, without carrying it out."""
        connection = await self._connected(run)
        with self._translated():
            text = await connection.fetchval(f"{MARKER}EXPLAIN (FORMAT JSON) {query}", *arguments)
        plan: dict[str, Any] = json.loads(text)[0]["Plan"]
        return plan

    async def close(self) -> None:
        """End the connection politely, or at once where the server does not answer."""
        connection, self._connection = self._connection, None
        self._statements.clear()
        self._in_doubt = False
        if connection is not None and not connection.is_closed():
            try:
                await connection.close(timeout=CANCEL_GRACE_SECONDS)
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                connection.terminate()

    async def _connected(self, run: ProbeRun) -> "asyncpg.Connection[asyncpg.Record]":
        if self._in_doubt:
            await self._settle()
        if self._connection is None or self._connection.is_closed():
            self._connection = None
            self._statements.clear()
            with run.phase("connect"), self._translated():
                self._connection = await self._connect()
        return self._connection

    async def _connect(self) -> "asyncpg.Connection[asyncpg.Record]":
        target = self._target
        return await asyncpg.connect(
            target.url.get_secret_value(),
            timeout=target.connect_timeout,
            server_settings={
                "application_name": APPLICATION_NAME,
                "default_transaction_read_only": "on",
                "statement_timeout": _milliseconds(target.statement_timeout),
                "lock_timeout": _milliseconds(target.lock_timeout),
                "idle_in_transaction_session_timeout": _milliseconds(target.idle_in_transaction_timeout),
            },
        )

    async def _settle(self) -> None:
        """After a deadline: keep the connection if its statement has ended, give it up if the server keeps silent.

        Giving it up at once would leave the statement running and open a second connection beside it.
        """
        connection, self._in_doubt = self._connection, False
        if connection is None or connection.is_closed():
            return
        try:
            async with asyncio.timeout(CANCEL_GRACE_SECONDS):
                await connection.execute(f"{MARKER}SELECT 1")
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            connection.terminate()

    async def _prepared(
        self, connection: "asyncpg.Connection[asyncpg.Record]", query: str, run: ProbeRun
    ) -> "PreparedStatement[asyncpg.Record]":
        if query not in self._statements:
            with run.phase("prepare"):
                self._statements[query] = await connection.prepare(MARKER + query)
        return self._statements[query]

    async def _execute(
        self,
        connection: "asyncpg.Connection[asyncpg.Record]",
        query: str,
        arguments: Sequence[Argument],
        run: ProbeRun,
    ) -> int:
        statement = await self._prepared(connection, query, run)
        with run.stopwatch:
            return len(await statement.fetch(*arguments))

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Makes the driver's errors ours, once; a cancelled statement leaves the connection in doubt."""
        try:
            yield
        except asyncio.CancelledError:
            self._in_doubt = True
            raise
        except asyncpg.exceptions.ClientConfigurationError:
            # Its text may quote the URL.
            raise ProbeFailed(Reason.INTERNAL, "the driver does not understand the database's URL") from None
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            lost = self._connection is not None and self._connection.is_closed()
            raise ProbeFailed(_reason(error, lost), str(error) or type(error).__name__) from error


# The first that fits decides: TimeoutError, gaierror and SSLError are OSErrors, and PostgreSQL's classes nest too.
_REASONS: tuple[tuple[type[BaseException], Reason], ...] = (
    (TimeoutError, Reason.CONNECT_TIMEOUT),
    (socket.gaierror, Reason.DNS),
    (ssl.SSLError, Reason.TLS),
    (OSError, Reason.REFUSED),
    (asyncpg.LockNotAvailableError, Reason.LOCK_TIMEOUT),
    (asyncpg.QueryCanceledError, Reason.CANCELLED),
    (asyncpg.CannotConnectNowError, Reason.REFUSED),
    (asyncpg.TooManyConnectionsError, Reason.TOO_MANY_CONNECTIONS),
    (asyncpg.InsufficientPrivilegeError, Reason.PERMISSION),
    (asyncpg.InvalidAuthorizationSpecificationError, Reason.PERMISSION),
    (asyncpg.ReadOnlySQLTransactionError, Reason.PERMISSION),
    (asyncpg.OperatorInterventionError, Reason.CANCELLED),
)


def _reason(error: BaseException, connection_lost: bool) -> Reason:
    if connection_lost:
        return Reason.CANCELLED
    return next((reason for kind, reason in _REASONS if isinstance(error, kind)), Reason.SQL_ERROR)


def _milliseconds(seconds: float) -> str:
    return str(max(1, round(seconds * 1000)))
