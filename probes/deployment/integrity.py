"""Questions about what must not get lost: all answers are of one moment, and nobody waits long for a lock of ours."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg

from baselines.clock import Clock
from baselines.measurement import Reason
from probes.database.connection import GRACE_SECONDS, MARKER, Backend, Connection, backend_of, connect, hang_up
from probes.database.failures import DRIVER_ERRORS, failure_of
from probes.database.functions import denied
from probes.database.guard import Guard
from probes.deployment.query import NoValueError, Value, failed, one_value, value_of
from probes.deployment.sql import statement
from probes.errors import ProbeFailed
from probes.targets import PostgresTarget

# Counting everything takes longer than any probe may.
STATEMENT_TIMEOUT_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Answer:
    """One value, or why there is none."""

    value: Value = None
    trouble: str = ""


async def ask(
    target: PostgresTarget,
    checks: Sequence[tuple[str, str]],
    clock: Clock,
    statement_timeout: float = STATEMENT_TIMEOUT_SECONDS,
) -> dict[str, Answer]:
    """The answer to each question (name, SQL), by name, over a connection of its own. Seconds are those of a statement.

    - one transaction, read-only and of one snapshot: what somebody writes meanwhile is in all answers or in none
    - each question in a savepoint that is rolled back: one that fails spoils no other, and its locks end with it
    - while one runs it holds ACCESS SHARE locks, which hold up DDL alone; it is cancelled as soon as somebody waits for
      them (see `probes.database.guard`), and has a trouble then
    - a table that was written anew meanwhile is empty to the snapshot: no answer, rather than rows that got lost

    Raises ProbeFailed where there is no connection, or it is lost.
    """
    guard = Guard(target, clock)
    try:
        async with _snapshot(target, statement_timeout) as (connection, backend):
            asking = _Asking(connection, backend, guard, statement_timeout)
            return {name: await asking.answer(sql) for name, sql in checks}
    finally:
        await guard.close()


@asynccontextmanager
async def _snapshot(target: PostgresTarget, statement_timeout: float) -> AsyncIterator[tuple[Connection, Backend]]:
    """A connection in a transaction, and its server's side; the driver's errors made ours."""
    bounded = target.model_copy(update={"statement_timeout": statement_timeout})
    connection: Connection | None = None
    try:
        connection = await connect(bounded)
        backend = await backend_of(connection)
        await connection.transaction(isolation="repeatable_read", readonly=True).start()
        yield connection, backend  # the transaction ends with the connection
    except DRIVER_ERRORS as error:
        lost = connection is not None and connection.is_closed()
        raise failure_of(error, connection_lost=lost) from error
    finally:
        if connection is not None:
            await hang_up(connection)


class _Asking:
    """Asks in a transaction that stands."""

    def __init__(self, connection: Connection, backend: Backend, guard: Guard, statement_timeout: float) -> None:
        self._connection = connection
        self._backend = backend
        self._guard = guard
        self._timeout = statement_timeout

    async def answer(self, sql: str) -> Answer:
        if forbidden := denied(sql):
            return Answer(trouble=f"a question may not use {' and '.join(forbidden)}")
        await self._connection.execute(f"{MARKER}SAVEPOINT question")
        answer = await self._tried(sql)
        await self._connection.execute(f"{MARKER}ROLLBACK TO SAVEPOINT question; RELEASE SAVEPOINT question")
        return answer

    async def _tried(self, sql: str) -> Answer:
        """The answer, or the trouble that a failure means while the connection stands."""
        try:
            return Answer(await self._guard.over(self._backend, self._value(sql)))
        except NoValueError as error:
            return Answer(trouble=str(error))
        except TimeoutError as error:
            self._connection.terminate()
            message = f"the server did not answer within {self._timeout:g} s, nor end the statement"
            raise ProbeFailed(Reason.DEADLINE, message) from error
        except DRIVER_ERRORS as error:
            if self._connection.is_closed():
                raise
            if isinstance(error, asyncpg.QueryCanceledError) and self._guard.gave_way:
                return Answer(trouble="somebody waited for a lock because of it, so it was ended; ask again later")
            return Answer(trouble=str(failed(error, self._connection)))

    async def _value(self, sql: str) -> Value:
        async with asyncio.timeout(self._timeout + GRACE_SECONDS):
            prepared = await self._connection.prepare(MARKER + one_value(sql))
            if len(columns := prepared.get_attributes()) != 1:
                raise NoValueError(f"{len(columns)} columns, must be one")
            value = value_of(await prepared.fetch())
            rewritten = await self._connection.fetch(MARKER + statement("rewritten"))
        if rewritten:
            tables = ", ".join(row["relation"] for row in rewritten)
            raise NoValueError(f"{tables} was written anew while questions were asked; ask again")
        return value
