"""How this package asks a connection of its own: marked, and with the driver's errors made ours."""

import math
from collections.abc import Sequence
from decimal import Decimal

import asyncpg

from baselines.measurement import Reason
from probes.database.connection import MARKER, Connection
from probes.database.failures import DRIVER_ERRORS, failure_of
from probes.database.tokens import without_comments
from probes.deployment.sql import statement
from probes.errors import ProbeFailed

# For a server that keeps silent; one that answers ends a statement by the target's `statement_timeout`.
PATIENCE_SECONDS = 30.0

Value = float | str | None


class NoValueError(ValueError):
    """An answer that is not one value; the message says what it is instead, and quotes nothing of it."""


async def rows(connection: Connection, query: str, *arguments: object) -> Sequence[asyncpg.Record]:
    """The rows of the query. Raises ProbeFailed."""
    try:
        return await connection.fetch(MARKER + query, *arguments, timeout=PATIENCE_SECONDS)
    except TimeoutError as error:
        connection.terminate()
        message = f"the server did not answer within {PATIENCE_SECONDS:g} s, so the connection was given up"
        raise ProbeFailed(Reason.DEADLINE, message) from error
    except DRIVER_ERRORS as error:
        raise failed(error, connection) from error


async def has_table(connection: Connection, name: str) -> bool:
    """Whether there is a table of that name, whoever may read it. Raises ProbeFailed."""
    (row,) = await rows(connection, statement("relation"), name)
    return bool(row["is_there"])


def failed(error: BaseException, connection: Connection) -> ProbeFailed:
    """The failure that one of the driver's errors means; what a function of the portal raises may quote a row."""
    if isinstance(error, asyncpg.RaiseError):
        return ProbeFailed(Reason.SQL_ERROR, "a function of the database raised an error of its own")
    return failure_of(error, connection_lost=connection.is_closed())


def one_value(query: str) -> str:
    """The query so that it gives two rows at most, which is enough to know that they are too many.

    A limit of the protocol's would keep the server from reading a large table with several workers.
    """
    return f"SELECT * FROM (\n{without_comments(query).strip().rstrip(';')}\n) AS answer LIMIT 2"


def value_of(found: Sequence[asyncpg.Record]) -> Value:
    """The one value of an answer: what is a number as a float, a truth as 1 or 0, all else as the text it is.

    Raises NoValueError for more or fewer than one row of one column, and for what is no finite number.
    """
    if len(found) != 1:
        raise NoValueError("no row, must be one" if not found else "more than one row")
    if len(found[0]) != 1:
        raise NoValueError(f"{len(found[0])} columns, must be one")
    value = found[0][0]
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float | Decimal):
        if not math.isfinite(value):
            raise NoValueError("no finite number")
        return float(value)
    return str(value)
