"""A connection for one look at a database, for as long as a block lasts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from probes.database.connection import Connection, connect, hang_up
from probes.database.failures import DRIVER_ERRORS, failure_of
from probes.targets import PostgresTarget


@asynccontextmanager
async def connected(target: PostgresTarget) -> AsyncIterator[Connection]:
    """As the probes have it. Raises ProbeFailed where it can't be had; what the block raises is its own."""
    try:
        connection = await connect(target)
    except DRIVER_ERRORS as error:
        raise failure_of(error, connection_lost=False) from error
    try:
        yield connection
    finally:
        await hang_up(connection)
