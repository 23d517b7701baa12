"""Statements over an instrumented pool, as PostgreSQL itself sees them."""

import asyncio
import contextlib
import io
import tracemalloc
from collections.abc import Awaitable, Callable
from typing import Any
from unittest.mock import AsyncMock

import asyncpg
import httpx
import pytest
from fastapi import FastAPI, WebSocket
from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp, Receive, Scope, Send

from monitor import InstrumentationSettings, instrument, statement
from monitor.instrumentation import SqlComments
from monitor.instrumentation.exchange import Exchange, current
from monitor.instrumentation.figures import Figures
from monitor.instrumentation.route import RouteTemplates
from monitor.instrumentation.statements import Statements
from tests.monitor.instrumentation.served_app import asking, values

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
# What is running right now is this statement itself.
SELF = "SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid() AND length($1) > 0"
QUIET = InstrumentationSettings(sql_sample_ratio=0)


class OwnConnection(asyncpg.Connection):
    """A connection class of the portal's own, with something to keep."""

    def greet(self) -> str:
        """Something of its own."""
        return "hello"


def _with_pool(
    dsn: str,
    ask: Callable[[httpx.AsyncClient, asyncpg.Pool], Awaitable[Any]],
    serve: Callable[[asyncpg.Pool], Awaitable[Any]],
    settings: InstrumentationSettings = QUIET,
    **options: Any,
) -> Any:
    """What `ask` finds, of an application whose routes /c and /d/{number} do what `serve` does with the pool."""

    async def run() -> Any:
        async with asyncpg.create_pool(dsn, min_size=1, max_size=1, **options) as pool:
            app = FastAPI()
            instrument(app, pool=pool, settings=settings)

            async def served() -> Any:
                return await serve(pool)

            app.add_api_route("/c", served)
            app.add_api_route("/d/{number}", served)
            async with asking(app) as client:
                return await ask(client, pool)

    return asyncio.run(run())


async def _texts(pool: asyncpg.Pool) -> Any:
    return await pool.fetchval(SELF, "x")


def test_every_statement_carries_its_route(empty_database: str) -> None:
    """By template, in front; what no request has asked for is left alone."""

    async def ask(client: httpx.AsyncClient, pool: asyncpg.Pool) -> Any:
        return [(await client.get("/d/4711")).json(), (await client.get("/c")).json(), await _texts(pool)]

    assert _with_pool(empty_database, ask, _texts) == [
        f"/*route='%2Fd%2F%7Bnumber%7D'*/ {SELF}",
        f"/*route='%2Fc'*/ {SELF}",
        SELF,
    ]


@pytest.mark.parametrize(
    ("settings", "headers"),
    [
        (QUIET, {"traceparent": PARENT}),
        (InstrumentationSettings(sql_sample_ratio=1), {"traceparent": PARENT[:-1] + "0"}),
        (InstrumentationSettings(sql_comments=SqlComments.ALWAYS), {"traceparent": PARENT[:-1] + "0"}),
    ],
    ids=["traced", "sampled", "always"],
)
def test_marked_requests_carry_their_ids(
    empty_database: str, settings: InstrumentationSettings, headers: dict[str, str]
) -> None:
    """The correlation id, the route and the position in the trace, sorted."""

    async def ask(client: httpx.AsyncClient, _pool: asyncpg.Pool) -> Any:
        return (await client.get("/c", headers={"X-Correlation-ID": "fe_1:2", **headers})).json()

    assert _with_pool(empty_database, ask, _texts, settings) == (
        f"/*correlation_id='fe_1%3A2',route='%2Fc',traceparent='{headers['traceparent']}'*/ {SELF}"
    )


@pytest.mark.parametrize(("comments", "text"), [("off", SELF), ("route", f"/*route='%2Fc'*/ {SELF}")])
def test_comments_are_a_choice(empty_database: str, comments: str, text: str) -> None:
    """Not even a traced request is marked where the portal has chosen less."""

    async def ask(client: httpx.AsyncClient, _pool: asyncpg.Pool) -> Any:
        return (await client.get("/c", headers={"traceparent": PARENT})).json()

    settings = InstrumentationSettings(sql_comments=SqlComments(comments), sql_sample_ratio=1)
    assert _with_pool(empty_database, ask, _texts, settings) == text


def test_a_slow_request_is_marked_and_so_is_the_next_of_its_route(empty_database: str) -> None:
    """From the moment on at which it is slow; the request after next is as usual."""
    delays = [0.3, 0.0, 0.0]

    async def serve(pool: asyncpg.Pool) -> Any:
        first = await _texts(pool)
        await asyncio.sleep(delays.pop(0))
        return [first[:10], (await _texts(pool))[:10]]

    async def ask(client: httpx.AsyncClient, _pool: asyncpg.Pool) -> Any:
        return [(await client.get("/c")).json() for _ in range(3)]

    settings = InstrumentationSettings(sql_sample_ratio=0, slow_seconds=0.25)
    route, marked = "/*route='%", "/*correlat"
    assert _with_pool(empty_database, ask, serve, settings) == [[route, marked], [marked, marked], [route, route]]


def test_a_marked_statement_names_the_route_that_is_known_by_then(empty_database: str) -> None:
    """A middleware asks before any route is found, the endpoint afterwards."""

    async def run() -> list[str]:
        async with asyncpg.create_pool(empty_database, min_size=1, max_size=1) as pool:
            app, seen = FastAPI(), list[str]()
            instrument(app, pool=pool, settings=InstrumentationSettings(sql_comments=SqlComments.ALWAYS))

            class Asking:
                def __init__(self, app: ASGIApp) -> None:
                    self._app = app

                async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
                    seen.append(await _texts(pool))
                    await self._app(scope, receive, send)

            async def served() -> None:
                seen.append(await _texts(pool))

            app.add_middleware(Asking)
            app.add_api_route("/c", served)
            async with asking(app) as client:
                await client.get("/c", headers={"X-Correlation-ID": "fe_1"})
            return seen

    assert asyncio.run(run()) == [
        f"/*correlation_id='fe_1',route='unknown'*/ {SELF}",
        f"/*correlation_id='fe_1',route='%2Fc'*/ {SELF}",
    ]


def test_what_a_request_leaves_running_carries_its_id_no_longer(empty_database: str) -> None:
    """Neither because it was sampled, nor because it is old: it may run for ever."""

    async def serve(pool: asyncpg.Pool) -> Any:
        async def later() -> None:
            await answered.wait()
            await asyncio.sleep(0.3)
            seen.append((await _texts(pool))[:10])

        left.append(asyncio.create_task(later()))
        return (await _texts(pool))[:10]

    async def ask(client: httpx.AsyncClient, _pool: asyncpg.Pool) -> Any:
        told = (await client.get("/c")).json()
        answered.set()
        await asyncio.gather(*left)
        return told, seen

    for ratio, first in ((1.0, "/*correlat"), (0.0, "/*route='%")):
        seen, left, answered = list[str](), list[asyncio.Task[None]](), asyncio.Event()
        settings = InstrumentationSettings(sql_sample_ratio=ratio, slow_seconds=0.25)
        assert _with_pool(empty_database, ask, serve, settings) == (first, ["/*route='%"])


def test_a_websocket_is_not_slow_by_being_open(empty_database: str) -> None:
    """Its statements have the route's tag, however long it lasts."""

    async def run() -> list[str]:
        async with asyncpg.create_pool(empty_database, min_size=1, max_size=1) as pool:
            app, seen = FastAPI(), list[str]()
            instrument(app, pool=pool, settings=InstrumentationSettings(sql_sample_ratio=0, slow_seconds=0.01))

            @app.websocket("/rooms/{room}")
            async def talk(socket: WebSocket, room: str) -> None:
                await socket.accept()
                await asyncio.sleep(0.05)
                seen.append(await _texts(pool))
                await socket.close(reason=room)

            scope: Scope = {
                "type": "websocket",
                "path": "/rooms/7",
                "raw_path": b"/rooms/7",
                "query_string": b"",
                "root_path": "",
                "scheme": "ws",
                "headers": [],
                "subprotocols": [],
                "client": None,
            }
            await app(scope, AsyncMock(return_value={"type": "websocket.connect"}), AsyncMock())
            return seen

    assert asyncio.run(run()) == [f"/*route='%2Frooms%2F%7Broom%7D'*/ {SELF}"]


def test_texts_that_are_kept_are_bounded_in_number_and_length() -> None:
    """A portal that puts values into its texts does not fill the memory, and is tagged all the same."""
    statements = Statements(
        InstrumentationSettings(sql_comments=SqlComments.ROUTE), Figures(CollectorRegistry(), statement_names=10)
    )
    scope: Scope = {"type": "http", "path": "/", "endpoint": None}
    token = current.set(Exchange(scope, RouteTemplates([]), "c", None, is_marked=False))
    try:
        tracemalloc.start()
        for number in range(10_000):
            text, _ = statements.labelled(f"SELECT {number}" + " " * 10_000 * (number % 2 + 1))
            assert text.startswith("/*route='unknown'*/ SELECT")
        # As many of the shorter ones, each with its tagged copy, and none of the longer.
        assert tracemalloc.get_traced_memory()[0] < 2_000 * 2 * 11 * 1024
    finally:
        tracemalloc.stop()
        current.reset(token)


def test_marked_requests_leave_no_statement_behind(empty_database: str) -> None:
    """A hundred of them prepare none that stays, where the route's text is prepared once for all."""

    async def prepared(pool: asyncpg.Pool) -> list[str]:
        async with pool.acquire() as connection:
            rows = await connection.fetch("SELECT statement FROM pg_prepared_statements")
            return [row["statement"] for row in rows if "pg_stat_activity" in row["statement"]]

    async def ask(client: httpx.AsyncClient, pool: asyncpg.Pool) -> Any:
        for _ in range(5):
            await client.get("/c")
        once = await prepared(pool)
        texts = {(await client.get("/c", headers={"traceparent": PARENT})).json() for _ in range(100)}
        return once, len(texts), await prepared(pool)

    before, texts, after = _with_pool(empty_database, ask, _texts)
    assert before == [f"/*route='%2Fc'*/ {SELF}"]
    assert after == before
    assert texts == 1  # the trace is one, and so is its id


def test_every_id_is_a_text_of_its_own_and_still_leaves_none_behind(empty_database: str) -> None:
    """`always`, with a hundred ids."""

    async def ask(client: httpx.AsyncClient, pool: asyncpg.Pool) -> Any:
        texts = {(await client.get("/c")).json() for _ in range(100)}
        return len(texts), await pool.fetchval("SELECT count(*) FROM pg_prepared_statements")

    texts, left = _with_pool(empty_database, ask, _texts, InstrumentationSettings(sql_comments=SqlComments.ALWAYS))
    assert texts == 100
    assert left <= 1


@pytest.mark.parametrize("comments", list(SqlComments))
@pytest.mark.parametrize("options", [{}, {"statement_cache_size": 0}, {"connection_class": OwnConnection}])
def test_everything_that_asyncpg_does_still_works(
    empty_database: str, comments: SqlComments, options: dict[str, Any]
) -> None:
    """Transactions and savepoints, prepared statements, cursors, many at once, COPY both ways, a class of one's own."""

    async def serve(pool: asyncpg.Pool) -> dict[str, Any]:
        found = dict[str, Any]()
        async with pool.acquire() as connection:
            await connection.execute("CREATE TEMP TABLE t (id int, name text); INSERT INTO t VALUES (0, 'zero')")
            await connection.executemany("INSERT INTO t VALUES ($1, $2)", [(1, "one"), (2, "two")])
            found["many"] = [
                row["id"] for row in await connection.fetchmany("SELECT id FROM t WHERE id = $1", [(1,), (2,)])
            ]
            with contextlib.suppress(LookupError):
                async with connection.transaction():
                    await connection.execute("DELETE FROM t")
                    raise LookupError
            async with connection.transaction():
                with pytest.raises(asyncpg.DivisionByZeroError):
                    async with connection.transaction():
                        await connection.fetchval("SELECT 1 / $1::int", 0)
                found["after savepoint"] = await connection.fetchval("SELECT count(*) FROM t")
                found["cursor"] = [
                    row["name"] async for row in connection.cursor("SELECT name FROM t WHERE id < $1 ORDER BY id", 9)
                ]
                portions = await connection.cursor("SELECT id FROM t ORDER BY id")
                found["portion"] = [row["id"] for row in await portions.fetch(2)]
            prepared = await connection.prepare("SELECT name FROM t WHERE id = $1")
            found["prepared"] = [await prepared.fetchval(1), await prepared.fetchval(2)]
            found["explained"] = "Plan" in (await prepared.explain(1))[0]
            await connection.copy_records_to_table("t", records=[(3, "three")], columns=["id", "name"])
            await connection.copy_to_table("t", source=io.BytesIO(b"4\tfour\n"))
            output = io.BytesIO()
            await connection.copy_from_query("SELECT id FROM t WHERE id > $1 ORDER BY id", 2, output=output)
            found["copied"] = output.getvalue().decode()
            output = io.BytesIO()
            await connection.copy_from_table("t", output=output, columns=["name"])
            found["table"] = sorted(output.getvalue().decode().split())
            row = await connection.fetchrow("-- name: one\nSELECT * FROM t WHERE id = $1 -- and no more", 1)
            found["row"] = dict(row or {})
            found["status"] = await connection.execute("UPDATE t SET name = 'x' WHERE id > $1", 2)
            own: Any = connection
            found["class"] = own.greet() if options.get("connection_class") else "hello"
            await connection.execute("DROP TABLE t")
        return found

    async def ask(client: httpx.AsyncClient, _pool: asyncpg.Pool) -> Any:
        twice = [await client.get("/c"), await client.get("/c")]
        return [one.json() for one in twice]

    found = _with_pool(empty_database, ask, serve, InstrumentationSettings(sql_comments=comments), **options)
    assert found == 2 * [
        {
            "many": [1, 2],
            "after savepoint": 3,
            "cursor": ["zero", "one", "two"],
            "portion": [0, 1],
            "prepared": ["one", "two"],
            "explained": True,
            "copied": "3\n4\n",
            "table": ["four", "one", "three", "two", "zero"],
            "row": {"id": 1, "name": "one"},
            "status": "UPDATE 2",
            "class": "hello",
        }
    ]


def test_a_hint_or_another_tools_comment_stays_the_first(empty_database: str) -> None:
    """sqlcommenter leaves statements with a comment alone; a planner hint behind ours would not be read."""
    hinted = f"/*+ SeqScan(t) */ {SELF}"

    async def serve(pool: asyncpg.Pool) -> Any:
        return await pool.fetchval(hinted, "x")

    async def ask(client: httpx.AsyncClient, _pool: asyncpg.Pool) -> Any:
        return (await client.get("/c")).json()

    assert _with_pool(empty_database, ask, serve) == hinted


def test_statements_are_timed_by_name_and_transactions_counted(empty_database: str) -> None:
    """By the block's name, else by the statement's own, else by the route; resetting a connection is none."""

    async def serve(pool: asyncpg.Pool) -> None:
        await pool.fetch("SELECT 1")
        await pool.fetch("-- name: find_ones\nSELECT 1")
        with statement("in_a_block"):
            await pool.fetch("-- name: find_ones\nSELECT 1")
        async with pool.acquire() as connection:
            for error in (None, LookupError):
                with statement("transaction"):
                    try:
                        async with connection.transaction():
                            async with connection.transaction():
                                pass
                            if error:
                                raise error
                    except LookupError:
                        pass

    async def ask(client: httpx.AsyncClient, pool: asyncpg.Pool) -> Any:
        await client.get("/d/1")
        await pool.fetch("SELECT 1")
        return (await client.get("/metrics")).text

    page = _with_pool(empty_database, ask, serve)
    assert values(page, "db_query_duration_seconds_count") == {
        ("/d/{number}",): 1,
        ("find_ones",): 1,
        ("in_a_block",): 1,
        ("transaction",): 8,
        ("outside",): 1,
    }
    assert values(page, "db_transactions_total") == {("committed", "/d/{number}"): 1, ("rolled_back", "/d/{number}"): 1}


def test_a_commit_that_is_refused_is_a_rollback(empty_database: str) -> None:
    """A constraint that is checked at the end only."""

    async def serve(pool: asyncpg.Pool) -> None:
        async with pool.acquire() as connection:
            await connection.execute("CREATE TABLE once (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
            with contextlib.suppress(asyncpg.UniqueViolationError):
                async with connection.transaction():
                    await connection.execute("INSERT INTO once VALUES (1), (1)")

    async def ask(client: httpx.AsyncClient, _pool: asyncpg.Pool) -> Any:
        await client.get("/c")
        return (await client.get("/metrics")).text

    page = _with_pool(empty_database, ask, serve)
    assert values(page, "db_transactions_total") == {("rolled_back", "/c"): 1}


def test_names_of_statements_are_bounded(empty_database: str) -> None:
    """What comes after the last one allowed is `other`."""

    async def serve(pool: asyncpg.Pool) -> None:
        for number in range(5):
            await pool.fetch(f"-- name: query_{number}\nSELECT 1")

    async def ask(client: httpx.AsyncClient, _pool: asyncpg.Pool) -> Any:
        await client.get("/c")
        return (await client.get("/metrics")).text

    page = _with_pool(empty_database, ask, serve, InstrumentationSettings(statement_names=2))
    assert values(page, "db_query_duration_seconds_count") == {("query_0",): 1, ("query_1",): 1, ("other",): 3}


def test_the_pool_tells_how_much_of_it_is_taken(empty_database: str) -> None:
    """Taken, idle, and the share of all it may have."""

    async def ask(client: httpx.AsyncClient, pool: asyncpg.Pool) -> Any:
        async with pool.acquire():
            during = (await client.get("/metrics")).text
        return during, (await client.get("/metrics")).text

    during, after = _with_pool(empty_database, ask, _texts)
    assert (values(during, "db_pool_used_ratio"), values(after, "db_pool_used_ratio")) == ({(): 1}, {(): 0})
    assert values(during, "db_pool_connections") == {("used",): 1, ("idle",): 0}
    assert values(after, "db_pool_connections") == {("used",): 0, ("idle",): 1}


def test_a_pool_that_is_watched_twice_is_tagged_once(empty_database: str) -> None:
    """A lifespan that runs again, or a second application over the same pool."""

    async def run() -> Any:
        async with asyncpg.create_pool(empty_database, min_size=1, max_size=2) as pool:
            app = FastAPI()
            for _ in range(2):
                instrument(app, pool=pool, settings=QUIET)

            @app.get("/")
            async def serve() -> Any:
                async with pool.acquire() as one, pool.acquire() as other:
                    return [await one.fetchval(SELF, "x"), await other.fetchval(SELF, "x")]

            async with asking(app) as client:
                return (await client.get("/")).json()

    assert asyncio.run(run()) == 2 * [f"/*route='%2F'*/ {SELF}"]
