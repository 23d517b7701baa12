"""The guard: a statement of ours is cancelled as soon as somebody waits for a lock because of it.

`lock_timeout` bounds how long we wait, not how long others wait for us: behind a read-only probe of 4 s an ALTER TABLE
waits for 4 s, and everybody behind it too. The guard looks from another database of the same server, because locks are
the server's and a second connection to the watched database must not be.
"""

import asyncio
import logging
from collections.abc import Awaitable
from contextlib import suppress
from typing import TypeVar

from baselines.clock import Clock
from probes.database.connection import APPLICATION_NAME, GRACE_SECONDS, MARKER, Backend, Connection, connect, hang_up
from probes.database.failures import DRIVER_ERRORS, failure_of
from probes.errors import ProbeFailed
from probes.targets import PostgresTarget

T = TypeVar("T")

logger = logging.getLogger(__name__)

# A statement that has run for this long is watched; nearly all end before and cost no more than a timer.
PATIENCE_SECONDS = 0.03
# Between two looks. On a server with very many locks a look is slow: it takes a tenth of the time at most.
LOOK_SECONDS = 0.025
LOOK_SHARE = 0.1
# The guard's connection is kept from one long statement to the next when they come at least this often.
KEPT_SECONDS = 90.0
# Until the next attempt after one that failed.
RETRY_SECONDS = 60.0
# A look that is not over when the statement is: it could still cancel the next statement, so it is waited for, but not
# for long. Measured: a look takes under 1 ms, a new connection about 10 ms.
LEAVE_SECONDS = 0.2

# Only waiting backends cost a pg_blocking_pids(), which every role may ask. Behind a pooler the process could be
# another client's by now, so it is ours to cancel only while it bears our name.
_GIVE_WAY = f"""{MARKER}
SELECT CASE WHEN EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pid <> $1 AND $1 = ANY (pg_blocking_pids(pid)))
THEN (SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND application_name = '{APPLICATION_NAME}')
END
"""


class Guard:
    """Watches one statement at a time. Where it can't connect, statements run unwatched, and the log says so once."""

    def __init__(self, target: PostgresTarget, clock: Clock) -> None:
        self._target = target
        self._clock = clock
        self._connection: Connection | None = None
        self._closing: asyncio.TimerHandle | None = None
        self._watch: asyncio.Task[None] | None = None
        self._over = asyncio.Event()
        self._retry_at = clock.monotonic()
        self._said = False
        self.gave_way = False

    async def over(self, backend: Backend, statement: Awaitable[T]) -> T:
        """What the statement gives, that backend being watched; `gave_way` says then whether it was cancelled."""
        self.gave_way = False
        timer = asyncio.get_running_loop().call_later(PATIENCE_SECONDS, self._begin, backend)
        try:
            return await statement
        finally:
            timer.cancel()
            if self._watch is not None:
                await self._end(self._watch)

    async def close(self) -> None:
        """Close the guard's connection; a later statement opens it anew."""
        connection, self._connection = self._connection, None
        if self._closing is not None:
            self._closing.cancel()
        if connection is not None:
            await hang_up(connection)

    def _begin(self, backend: Backend) -> None:
        if self._clock.monotonic() >= self._retry_at:
            if self._closing is not None:
                self._closing.cancel()
            self._over.clear()
            self._watch = asyncio.create_task(self._look_after(backend))

    async def _end(self, watch: asyncio.Task[None]) -> None:
        self._watch = None
        self._over.set()
        await asyncio.wait((watch,), timeout=LEAVE_SECONDS)
        if not watch.done():
            self._drop()
            watch.cancel()
        self._closing = asyncio.get_running_loop().call_later(KEPT_SECONDS, self._drop)

    async def _look_after(self, backend: Backend) -> None:
        connection = await self._connected(backend)
        try:
            while connection is not None and not (self._over.is_set() or self.gave_way):
                asked = self._clock.monotonic()
                self.gave_way = await connection.fetchval(_GIVE_WAY, backend.pid, timeout=GRACE_SECONDS) is True
                await self._pause(self._clock.monotonic() - asked)
        except DRIVER_ERRORS:
            self._drop()  # whatever ails the server, the statement itself will tell

    async def _connected(self, backend: Backend) -> "Connection | None":
        if self._connection is None or self._connection.is_closed():
            try:
                self._connection = await connect(self._target, self._target.guard_database)
                self._said = False
            except DRIVER_ERRORS as error:
                self._connection = None
                self._retry_at = self._clock.monotonic() + RETRY_SECONDS
                self._say(backend, failure_of(error, connection_lost=False))
        return self._connection

    async def _pause(self, took_seconds: float) -> None:
        """Until the next look, or until the statement is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max(LOOK_SECONDS, took_seconds / LOOK_SHARE)):
                await self._over.wait()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()

    def _say(self, backend: Backend, failure: ProbeFailed) -> None:
        if not self._said:
            self._said = True
            logger.warning(
                "probes in database %s run unguarded and may keep others waiting for a lock: no connection to "
                "`guard_database` %s: %s; grant CONNECT on it, or name another database of the server",
                backend.database,
                self._target.guard_database,
                failure,
            )
