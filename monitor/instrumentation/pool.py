"""The connections of an asyncpg pool, made to tag and time their statements.

The pool the portal already has is kept: it makes its further connections of a class that is derived from its own, and
those that are open change over to it. What asyncpg returns is asyncpg's: proxies, transactions, cursors, statements.
"""

from time import perf_counter
from typing import Any

import asyncpg

from monitor.instrumentation.comment import ONE_TIME
from monitor.instrumentation.exchange import current
from monitor.instrumentation.statements import OUTSIDE, Statements


def watch_pool(pool: asyncpg.Pool, statements: Statements) -> None:
    """Tag and time what goes over this pool from here on. Raises TypeError for what is not an asyncpg pool."""
    if not isinstance(pool, asyncpg.Pool):
        raise TypeError(f"a pool of asyncpg is needed to watch its statements, not {type(pool).__name__}")
    internals: Any = pool
    own = internals._connection_class
    # A second call watches for somebody else, and tags once.
    watched = _watched(getattr(own, "unwatched", own), statements)
    internals._connection_class = watched
    for holder in internals._holders:
        if holder._con is not None:
            holder._con.__class__ = watched


def _watched(own: Any, statements: Statements) -> type[asyncpg.Connection]:
    """The portal's class of connections, tagging and timing. It holds nothing, so that open ones can become it."""

    def note_transaction(outcome: str) -> None:
        exchange = current.get()
        statements.figures.note_transaction(exchange.route if exchange else OUTSIDE, outcome)

    class WatchedConnection(own):  # type: ignore[misc]
        __slots__ = ()
        unwatched = own

        async def execute(self, query: str, *args: Any, timeout: float | None = None) -> Any:
            """As asyncpg's. What asyncpg sends to reset a connection is nobody's statement."""
            if query == self.get_reset_query():
                return await own.execute(self, query, timeout=timeout)
            text, name = statements.labelled(query)
            started = perf_counter()
            try:
                status = await own.execute(self, text, *args, timeout=timeout)
            except asyncpg.PostgresError:
                # What is checked at the end only, such as a deferred constraint, rolls back without being asked to.
                if query.upper().startswith("COMMIT"):
                    note_transaction("rolled_back")
                raise
            finally:
                statements.figures.note_query(name, perf_counter() - started)
            # A transaction that has failed answers COMMIT with ROLLBACK; going back to a savepoint ends none.
            if status == "COMMIT" or (status == "ROLLBACK" and not query.upper().startswith("ROLLBACK TO")):
                note_transaction("committed" if status == "COMMIT" else "rolled_back")
            return status

        async def fetch(self, query: str, *args: Any, **options: Any) -> Any:
            """As asyncpg's."""
            text, name = statements.labelled(query)
            started = perf_counter()
            try:
                return await own.fetch(self, text, *args, **options)
            finally:
                statements.figures.note_query(name, perf_counter() - started)

        async def fetchrow(self, query: str, *args: Any, **options: Any) -> Any:
            """As asyncpg's."""
            text, name = statements.labelled(query)
            started = perf_counter()
            try:
                return await own.fetchrow(self, text, *args, **options)
            finally:
                statements.figures.note_query(name, perf_counter() - started)

        async def fetchval(self, query: str, *args: Any, **options: Any) -> Any:
            """As asyncpg's."""
            text, name = statements.labelled(query)
            started = perf_counter()
            try:
                return await own.fetchval(self, text, *args, **options)
            finally:
                statements.figures.note_query(name, perf_counter() - started)

        async def fetchmany(self, query: str, args: Any, **options: Any) -> Any:
            """As asyncpg's; all rounds are one time."""
            text, name = statements.labelled(query)
            started = perf_counter()
            try:
                return await own.fetchmany(self, text, args, **options)
            finally:
                statements.figures.note_query(name, perf_counter() - started)

        async def executemany(self, command: str, args: Any, *, timeout: float | None = None) -> None:
            """As asyncpg's; all rounds are one time."""
            text, name = statements.labelled(command)
            started = perf_counter()
            try:
                await own.executemany(self, text, args, timeout=timeout)
            finally:
                statements.figures.note_query(name, perf_counter() - started)

        async def prepare(self, query: str, **options: Any) -> Any:
            """As asyncpg's; the statement keeps the tag of who prepared it, and its runs are not timed."""
            return await own.prepare(self, statements.labelled(query)[0], **options)

        def cursor(self, query: str, *args: Any, **options: Any) -> Any:
            """As asyncpg's; its portions are not timed."""
            return own.cursor(self, statements.labelled(query)[0], *args, **options)

        async def _copy_out(self, copy_stmt: str, output: Any, timeout: float | None) -> Any:
            return await own._copy_out(self, statements.labelled(copy_stmt)[0], output, timeout)

        async def _copy_in(self, copy_stmt: str, source: Any, timeout: float | None) -> Any:
            return await own._copy_in(self, statements.labelled(copy_stmt)[0], source, timeout)

        def _get_statement(self, query: str, timeout: float | None, **options: Any) -> Any:
            # A text that never comes again would push out of the cache those that do, and leave its plan on the server.
            if query.startswith(ONE_TIME):
                options["use_cache"] = False
            return own._get_statement(self, query, timeout, **options)

    return WatchedConnection
