"""Deployments in the store: events are added under a lock of their deployment, so two people may drive at once."""

import json
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import asyncpg

from monitor.deployment.deployment import Deployment, Stage
from monitor.deployment.event import Event, EventKind, NewEvent
from monitor.deployment.sql import statement
from monitor.errors import CannotRunError, ConfigurationError

# Decides on a deployment as it is now; what it raises leaves everything as it was.
Decide = Callable[[Deployment], Iterable[NewEvent]]
Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A deployment in the list of all; `finished_at` is None while it is open."""

    name: str
    opened_at: datetime
    finished_at: datetime | None


class PostgresDeployments:
    """On a pool of connections to the migrated store. All methods raise the driver's errors where it is away."""

    def __init__(self, pool: asyncpg.Pool, environment: str) -> None:
        self._pool = pool
        self._environment = environment

    async def open(self, name: str, opening: NewEvent, now: datetime) -> Deployment:
        """A new deployment. Raises ConfigurationError where the name is taken or another one is open."""
        async with self._pool.acquire() as connection, connection.transaction():
            found = await connection.fetchval(statement("insert_deployment"), self._environment, name, now)
            if found is None:
                current = await self._find(connection, None)
                if current is not None and current.outcome is None:
                    raise ConfigurationError(
                        f"the deployment {current.name} is open since {current.opened_at:%Y-%m-%d %H:%M} UTC; "
                        "finish it first with `portalwatch deploy finish`"
                    )
                raise ConfigurationError(f"there was a deployment {name} already; choose another name")
            await _add(connection, found, [opening], now)
            return await self._read(connection, found, name)

    async def change(self, decide: Decide, now: datetime) -> Deployment:
        """Keep what `decide` says of the open deployment as it is now, or nothing where it raises; how it stands then.

        Raises ConfigurationError where none is open.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(statement("select_open_deployment"), self._environment)
            if row is None:
                raise ConfigurationError("no deployment is open; begin one with `portalwatch deploy start NAME`")
            before = await self._read(connection, row["id"], row["name"])
            events = list(decide(before))
            if not events:
                return before
            await _add(connection, row["id"], events, now)
            after = await self._read(connection, row["id"], row["name"])
            if after.finished_at is not None:
                await connection.execute(statement("finish_deployment"), row["id"], after.finished_at)
            return after

    async def find(self, name: str | None = None) -> Deployment | None:
        """That deployment, or without a name the open one, else the last; None where there is none."""
        async with self._pool.acquire() as connection:
            return await self._find(connection, name)

    async def listed(self) -> list[Listed]:
        """The deployments there were, the last one first, fifty at most."""
        async with self._pool.acquire() as connection:
            rows = await connection.fetch(statement("select_deployments"), self._environment)
        return [Listed(**dict(row)) for row in rows]

    async def find_open(self) -> Deployment | None:
        """The one that is under way or watched; None where there is none."""
        found = await self.find()
        return None if found is None or found.stage is Stage.FINISHED else found

    async def current(self, name: str | None = None) -> Deployment:
        """The same. Raises ConfigurationError where there is none."""
        found = await self.find(name)
        if found is None:
            told = f"there is no deployment {name}" if name else "there is no deployment"
            raise ConfigurationError(f"{told}; begin one with `portalwatch deploy start NAME`")
        return found

    @asynccontextmanager
    async def alone(self, what: str) -> AsyncIterator[None]:
        """The right to do something that only one may at a time, whoever else drives; it ends with its connection.

        Raises CannotRunError where somebody else has it.
        """
        async with self._pool.acquire() as connection:
            lock = f"portalwatch.deployment {what} {self._environment}"
            if not await connection.fetchval(statement("try_lock"), lock):
                raise CannotRunError(f"somebody else is at it right now ({what}); see `portalwatch deploy status`")
            try:
                yield
            finally:
                # A connection that died has given it back.
                with suppress(asyncpg.InterfaceError, asyncpg.PostgresConnectionError, OSError):
                    await connection.execute(statement("release_lock"), lock)

    async def _find(self, connection: Connection, name: str | None) -> Deployment | None:
        row = await connection.fetchrow(statement("select_deployment"), self._environment, name)
        return None if row is None else await self._read(connection, row["id"], row["name"])

    async def _read(self, connection: Connection, deployment_id: int, name: str) -> Deployment:
        rows = await connection.fetch(statement("select_events"), deployment_id)
        return Deployment.read(name, self._environment, [_event(row) for row in rows])


async def _add(connection: Connection, deployment_id: int, events: Sequence[NewEvent], now: datetime) -> None:
    for one in events:
        detail = json.dumps(dict(one.detail), default=_as_text)
        row = (deployment_id, now, one.kind, one.by, one.phase, one.source, detail)
        await connection.execute(statement("insert_event"), *row)


def _as_text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} can't be kept")


def _event(row: asyncpg.Record) -> Event:
    return Event(
        number=row["number"],
        at=row["at"],
        kind=EventKind(row["kind"]),
        by=row["by"],
        phase=row["phase"],
        source=row["source"],
        detail=json.loads(row["detail"]),
    )
