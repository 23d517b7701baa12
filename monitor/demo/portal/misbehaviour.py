"""What the portal itself can be made to do wrong, while it runs.

The table `demo_faults` names what is on, and how much of it. It is read every quarter of a second on a connection of
its own, so that a request pays for a look-up only, and so that a fault can be ended while the pool is exhausted.
"""

import asyncio
import contextlib
import logging
import os
import random
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from enum import StrEnum

import asyncpg
from fastapi import HTTPException

log = logging.getLogger("portal")

POLL_SECONDS = 0.25
"""How long a switched fault takes, at most, to show."""

SLOW_SECONDS = 0.15
"""What the slow dependency adds unless told otherwise: some ten times what its endpoint takes by itself."""

FAILING_SHARE = 0.3
"""The share of calls that the failing endpoint answers with 500 unless told otherwise."""

BUSY_SECONDS = 180.0
"""How long the neighbour's work lasts at most: longer than a capture in bursts."""

_BUSY_PER_PROCESSOR = 3
# It ends with the portal, however that ends.
_BUSY = """
import os, sys, time
portal, end = os.getppid(), time.monotonic() + float(sys.argv[1])
while os.getppid() == portal and time.monotonic() < end:
    sum(range(100_000))
"""


class Misbehaviour(StrEnum):
    """What the portal can do wrong by itself."""

    SLOW_ENDPOINT = "slow-endpoint"
    FAILING_ENDPOINT = "failing-endpoint"
    FAILING_ENDPOINTS = "failing-endpoints"
    HANGING_ENDPOINT = "hanging-endpoint"
    WRONG_BODY = "wrong-body"
    HELD_LOCK = "held-lock"
    EXHAUSTED_POOL = "exhausted-pool"
    BUSY_HOST = "busy-host"


class Misbehaviours:
    """The misbehaviours that are on, kept in step with `demo_faults` while `followed`."""

    def __init__(self, dsn: str, pool: asyncpg.Pool) -> None:
        self._dsn = dsn
        self._pool = pool
        self._sizes: Mapping[str, float | None] = {}
        self._chance = random.Random()

    def __contains__(self, misbehaviour: Misbehaviour) -> bool:
        return misbehaviour in self._sizes

    async def wait_for_dependency(self) -> None:
        """Waits as a slow dependency makes one wait, while that is on."""
        if Misbehaviour.SLOW_ENDPOINT in self:
            await asyncio.sleep(self._size(Misbehaviour.SLOW_ENDPOINT, SLOW_SECONDS))

    async def hang(self) -> None:
        """Does not come back while that is on."""
        while Misbehaviour.HANGING_ENDPOINT in self:  # noqa: ASYNC110 - what is on is itself found by polling
            await asyncio.sleep(POLL_SECONDS)

    def fail_sometimes(self) -> None:
        """Raises 500 for a share of the calls, while that is on."""
        share = self._size(Misbehaviour.FAILING_ENDPOINT, FAILING_SHARE)
        if Misbehaviour.FAILING_ENDPOINT in self and self._chance.random() < share:
            log.error("the product service answered with an error")
            raise HTTPException(500, "the product service answered with an error")

    def fail_as_most(self) -> None:
        """Raises 500 where most endpoints do, while that is on."""
        if Misbehaviour.FAILING_ENDPOINTS in self:
            raise HTTPException(500, "the client service answered with an error")

    def _size(self, misbehaviour: Misbehaviour, usual: float) -> float:
        size = self._sizes.get(misbehaviour)
        return usual if size is None else size

    @contextlib.asynccontextmanager
    async def followed(self) -> AsyncIterator[None]:
        """Follows the table for as long as the block lasts."""
        task = asyncio.create_task(self._follow())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _follow(self) -> None:
        while True:
            # The database may go away and come back, which is one of the faults itself.
            with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                connection = await asyncpg.connect(self._dsn)
                try:
                    await self._follow_on(connection)
                finally:
                    connection.terminate()
            await asyncio.sleep(POLL_SECONDS)

    async def _follow_on(self, connection: asyncpg.Connection) -> None:
        holds = {
            Misbehaviour.HELD_LOCK: self._lock,
            Misbehaviour.EXHAUSTED_POOL: self._exhaust,
            Misbehaviour.BUSY_HOST: self._keep_host_busy,
        }
        holding: dict[str, asyncio.Task[None]] = {}
        try:
            while True:
                rows = await connection.fetch("SELECT name, size FROM demo_faults")
                self._sizes = {row["name"]: row["size"] for row in rows}
                for name, hold in holds.items():
                    if name in self._sizes and name not in holding:
                        holding[name] = asyncio.create_task(hold())
                    elif name not in self._sizes and name in holding:
                        await _end(holding.pop(name))
                await asyncio.sleep(POLL_SECONDS)
        finally:
            for task in holding.values():
                await _end(task)

    async def _lock(self) -> None:
        """Holds a transaction open that forgot to commit, with a lock no reader of the products gets past."""
        connection = await asyncpg.connect(self._dsn)
        try:
            async with connection.transaction():
                await connection.execute("LOCK TABLE client_products IN ACCESS EXCLUSIVE MODE")
                await asyncio.Event().wait()
        finally:
            connection.terminate()

    async def _exhaust(self) -> None:
        """Takes every connection of the pool and gives none back."""
        async with contextlib.AsyncExitStack() as taken:
            for _ in range(self._pool.get_max_size()):
                await taken.enter_async_context(self._pool.acquire())
            await asyncio.Event().wait()

    async def _keep_host_busy(self) -> None:
        """Gives every processor more to do than it can, as a neighbour's batch job does."""
        command = [sys.executable, "-I", "-S", "-c", _BUSY, str(BUSY_SECONDS)]
        count = _BUSY_PER_PROCESSOR * (os.cpu_count() or 1)
        neighbours = [subprocess.Popen(command) for _ in range(count)]  # noqa: ASYNC220 - the portal is to suffer
        try:
            await asyncio.Event().wait()
        finally:
            for neighbour in neighbours:
                neighbour.kill()
                neighbour.wait()


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
