"""What one meets on arriving at a database: how long it takes to be let in, its version, and who could read along."""

import asyncio
from dataclasses import dataclass

from baselines.clock import Clock
from baselines.measurement import Reason
from probes.database.connected import connected
from probes.database.connection import MARKER
from probes.database.failures import DRIVER_ERRORS, failure_of
from probes.database.sql import statement
from probes.errors import ProbeFailed
from probes.targets import PostgresTarget

# For the statements; the connect has its own time.
_PATIENCE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Arrival:
    """One arrival. `query_seconds` is for a statement without work. `cipher` is None where nothing is encrypted.

    `is_local`: the server sees the caller on its own machine, by a socket of Unix or over the loopback.
    """

    connect_seconds: float
    query_seconds: float
    version: str
    cipher: str | None
    is_local: bool


async def arrive(target: PostgresTarget, clock: Clock) -> Arrival:
    """Connect, ask and leave, over a connection of its own. Raises ProbeFailed."""
    started = clock.monotonic()
    async with connected(target) as connection:
        arrived = clock.monotonic()
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                row = await connection.fetchrow(MARKER + statement("arrival"))
                begun = clock.monotonic()
                await connection.fetchval(MARKER + statement("no_work"))
                ended = clock.monotonic()
        except TimeoutError as error:
            raise ProbeFailed(Reason.DEADLINE, f"no answer within {_PATIENCE_SECONDS:g} s") from error
        except DRIVER_ERRORS as error:
            raise failure_of(error, connection_lost=connection.is_closed()) from error
    assert row is not None  # of two functions and one's own line
    return Arrival(arrived - started, ended - begun, row["version"], row["cipher"], row["is_local"])
