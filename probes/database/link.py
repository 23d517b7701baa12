"""The one connection to a watched database: read-only, bounded in every wait, and never a second one."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias, TypeVar

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement

from baselines.clock import Clock
from baselines.measurement import Reason
from probes.database.budget import Budget
from probes.database.connection import (
    GRACE_SECONDS,
    MARKER,
    Backend,
    Connection,
    backend_of,
    connect,
    end_backend,
    hang_up,
)
from probes.database.failures import DRIVER_ERRORS, failure_of
from probes.database.guard import Guard
from probes.errors import ProbeFailed
from probes.probe import ProbeRun
from probes.targets import PostgresTarget

Argument = str | int | float | bool | None
Statement: TypeAlias = "PreparedStatement[asyncpg.Record]"

T = TypeVar("T")
# What is done with a prepared statement over its connection.
Use: TypeAlias = Callable[[Connection, Statement], Awaitable[T]]


class DatabaseLink:
    """A dedicated connection, opened on first use and again after a loss. `turn` is held by whoever uses it.

    Each statement is prepared, within the target's share of time, and under guard (see `guard`).
    """

    def __init__(self, target: PostgresTarget, clock: Clock) -> None:
        self._target = target
        self._clock = clock
        self._budget = Budget(target.share, clock)
        self._guard = Guard(target, clock)
        self._lock = asyncio.Lock()
        self._open: tuple[Connection, Backend] | None = None
        self._statements: dict[str, Statement] = {}
        self._in_doubt = False
        self._left_behind: Backend | None = None

    def turn(self) -> asyncio.Lock:
        """The connection for oneself: all else of this class but `close` needs it."""
        return self._lock

    async def rows(self, query: str, arguments: Sequence[object], run: ProbeRun) -> Sequence[asyncpg.Record]:
        """The rows of the query; the run's stopwatch runs from the statement's start to its last row.

        Connecting and preparing are timed apart, as phases of the run. Raises ProbeFailed.
        """

        async def fetch(_: Connection, statement: Statement) -> Sequence[asyncpg.Record]:
            with run.stopwatch:
                return await statement.fetch(*arguments)

        return await self._bounded(query, run, fetch)

    async def explain(self, query: str, arguments: Sequence[Argument], options: str, run: ProbeRun) -> dict[str, Any]:
        """What EXPLAIN with these options says of the very statement that `rows` carries out. Raises ProbeFailed.

        The server's choice between a generic and a custom plan counts it as one more execution.
        """

        async def ask(connection: Connection, statement: Statement) -> str:
            call = f'"{statement.get_name()}"' + (f"({', '.join(map(_literal, arguments))})" if arguments else "")
            text: str = await connection.fetchval(f"{MARKER}EXPLAIN ({options}, FORMAT JSON) EXECUTE {call}")
            return text

        document: dict[str, Any] = json.loads(await self._bounded(query, run, ask))[0]
        return document

    async def close(self) -> None:
        """End the connection politely, or at once where the server does not answer."""
        was_open, self._open = self._open, None
        self._statements.clear()
        self._in_doubt = False
        await self._guard.close()
        if was_open is not None:
            await hang_up(was_open[0])

    async def _bounded(self, query: str, run: ProbeRun, use: Use[T]) -> T:
        """What `use` makes of the statement: within the budget, under guard, and the driver's errors made ours, once.

        A statement that is cancelled leaves the connection in doubt.
        """
        self._budget.require()
        connection, backend = await self._connected(run)
        started = self._clock.monotonic()
        try:
            return await self._guard.over(backend, self._with_statement(connection, query, run, use))
        except asyncio.CancelledError:
            self._in_doubt = True
            raise
        except asyncpg.QueryCanceledError as error:
            raise self._cancelled(error, self._clock.monotonic() - started) from error
        except DRIVER_ERRORS as error:
            raise failure_of(error, connection_lost=connection.is_closed()) from error
        finally:
            self._budget.spend(self._clock.monotonic() - started)

    def _cancelled(self, error: asyncpg.QueryCanceledError, after_seconds: float) -> ProbeFailed:
        """Whose doing it was: the server has one error for its time-out and for whoever cancels."""
        if self._guard.gave_way:
            return ProbeFailed(Reason.GAVE_WAY, "somebody waited for a lock because of our statement; we ended it")
        # The server's time runs from the preparation on; the slack is for the two clocks.
        limit = self._target.statement_timeout
        if after_seconds >= 0.95 * limit:
            return ProbeFailed(Reason.STATEMENT_TIMEOUT, f"the statement took longer than {limit:g} s")
        return failure_of(error, connection_lost=False)

    async def _connected(self, run: ProbeRun) -> tuple[Connection, Backend]:
        if self._in_doubt:
            await self._settle()
        if self._open is None or self._open[0].is_closed():
            self._open = None
            self._statements.clear()
            with run.phase("connect"):
                self._open = await self._connect()
        _, backend = self._open
        how = "opened for this run" if "connect" in run.phases else "kept from earlier runs"
        run.details["connection"] = f"process {backend.pid} of the server, {how}"
        return self._open

    async def _connect(self) -> tuple[Connection, Backend]:
        try:
            connection = await connect(self._target)
        except DRIVER_ERRORS as error:
            raise failure_of(error, connection_lost=False) from error
        try:
            backend = await backend_of(connection)
            await self._clear_up(connection)
        except DRIVER_ERRORS as error:
            connection.terminate()
            raise failure_of(error, connection_lost=connection.is_closed()) from error
        except BaseException:
            connection.terminate()
            raise
        return connection, backend

    async def _settle(self) -> None:
        """After a deadline: keep the connection if its statement has ended, give it up if the server keeps silent.

        Giving it up at once would leave the statement running and open a second connection beside it.
        """
        self._in_doubt = False
        if self._open is None or self._open[0].is_closed():
            return
        connection, backend = self._open
        try:
            async with asyncio.timeout(GRACE_SECONDS):
                await connection.execute(f"{MARKER}SELECT 1")
        except DRIVER_ERRORS:
            connection.terminate()
            self._left_behind = backend
        except asyncio.CancelledError:
            self._in_doubt = True
            raise

    async def _clear_up(self, connection: Connection) -> None:
        """End what is left on the server of a connection that was given up. Raises ProbeFailed where it stays."""
        if self._left_behind is not None:
            if not await end_backend(connection, self._left_behind):
                raise ProbeFailed(Reason.BUSY, "the server has not ended our last statement yet")
            self._left_behind = None

    async def _with_statement(self, connection: Connection, query: str, run: ProbeRun, use: Use[T]) -> T:
        try:
            return await use(connection, await self._prepared(connection, query, run))
        except (asyncpg.InvalidCachedStatementError, asyncpg.OutdatedSchemaCacheError):
            # The table was altered since: the statement is sound, only its preparation is out of date.
            del self._statements[query]
            run.stopwatch.reset()
            return await use(connection, await self._prepared(connection, query, run))

    async def _prepared(self, connection: Connection, query: str, run: ProbeRun) -> Statement:
        if query not in self._statements:
            with run.phase("prepare"):
                self._statements[query] = await connection.prepare(MARKER + query)
        return self._statements[query]


def _literal(argument: Argument) -> str:
    """The argument as SQL; the server reads the text as the parameter's type, whatever that is."""
    if argument is None:
        return "NULL"
    return "E'" + str(argument).replace("\\", "\\\\").replace("'", "''") + "'"
