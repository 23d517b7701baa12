"""What a watched database tells of its statements: read-only, bounded, one connection, and gone afterwards."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg

from probes.database.connection import MARKER, Connection, connect, hang_up
from probes.database.failures import DRIVER_ERRORS, failure_of
from probes.database.link import Argument
from probes.targets import PostgresTarget
from probes.workload.errors import FORBIDDEN, MISSING, NOT_LOADED, TOO_OLD, WorkloadError
from probes.workload.sql_text import Nature
from probes.workload.statement import Statement, Workload

SHARED_ROLE = """
SELECT rolsuper OR EXISTS (SELECT FROM pg_class WHERE relowner = r.oid AND relkind IN ('r', 'p'))
FROM pg_roles AS r WHERE rolname = current_user
"""
EXTENSION = """
SELECT quote_ident(nspname) FROM pg_extension JOIN pg_namespace AS n ON n.oid = extnamespace
WHERE extname = 'pg_stat_statements'
"""
# One entry a user: the sum over all of them but us. The columns are those of every version from PostgreSQL 13 on.
_STATEMENTS = """
SELECT queryid, min(query) AS query, sum(calls)::bigint AS calls, sum(total_exec_time) / 1000 AS seconds,
       userid = current_user::regrole AS ours
FROM {schema}.pg_stat_statements
WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
GROUP BY queryid, userid = current_user::regrole
ORDER BY seconds DESC
"""
# Of PostgreSQL 14 and later.
_COUNTED_HOURS = "SELECT extract(epoch FROM now() - stats_reset) / 3600 FROM {schema}.pg_stat_statements_info"


@asynccontextmanager
async def connected(target: PostgresTarget) -> AsyncIterator[Connection]:
    """A connection as the probes have it. Raises WorkloadError, also for what the server refuses inside the block."""
    connection = None
    try:
        connection = await connect(target)
        yield connection
    except DRIVER_ERRORS as error:
        lost = connection is not None and connection.is_closed()
        raise WorkloadError(f"the database: {failure_of(error, connection_lost=lost)}") from error
    finally:
        if connection is not None:
            await hang_up(connection)


async def read_workload(connection: Connection) -> Workload:
    """What pg_stat_statements holds of this database, without utility statements.

    Our own statements are those of our role. Where the role is the portal's too (a superuser, or the owner of tables)
    they can't be told from the portal's: PostgreSQL keeps one entry for both, and from 18 on drops the comment that
    marks ours.

    Raises WorkloadError where the extension is missing, too old or not loaded, and where no text may be seen.
    """
    schema = await connection.fetchval(MARKER + EXTENSION)
    if schema is None:
        raise WorkloadError(MISSING)
    try:
        rows = await connection.fetch(MARKER + _STATEMENTS.format(schema=schema))
    except asyncpg.ObjectNotInPrerequisiteStateError:
        raise WorkloadError(NOT_LOADED) from None
    except asyncpg.UndefinedColumnError:
        raise WorkloadError(TOO_OLD) from None
    is_shared = await connection.fetchval(MARKER + SHARED_ROLE)
    counted = [row for row in rows if is_shared or not row["ours"]]
    seen = [Statement(row["queryid"], row["query"], row["calls"], row["seconds"]) for row in counted if row["queryid"]]
    hidden = sum(row["seconds"] for row in counted if not row["queryid"])
    if hidden and not seen:
        raise WorkloadError(FORBIDDEN)
    return Workload(
        statements=[one for one in seen if not _is_marked(one) and one.nature is not Nature.UTILITY],
        own_seconds=None if is_shared else sum(row["seconds"] for row in rows if row["ours"]),
        hidden_seconds=hidden,
        counted_hours=await _counted_hours(connection, schema),
    )


async def _counted_hours(connection: Connection, schema: str) -> float | None:
    try:
        hours = await connection.fetchval(MARKER + _COUNTED_HOURS.format(schema=schema))
    except asyncpg.UndefinedTableError:
        return None
    return None if hours is None else float(hours)


def _is_marked(statement: Statement) -> bool:
    return statement.text.startswith(MARKER.strip())


async def queryid_of(connection: Connection, query: str, arguments: Sequence[Argument]) -> int | None:
    """The server's identity of a statement now; None where it gives none (compute_query_id is off).

    Nothing is carried out. Raises asyncpg.PostgresError or InterfaceError where the statement or an argument is wrong.
    """
    text = await connection.fetchval(f"{MARKER}EXPLAIN (VERBOSE, FORMAT JSON) {query}", *arguments)
    found: int | None = json.loads(text)[0].get("Query Identifier")
    return found
