"""Questions about what must not get lost, against a real server that is at work meanwhile."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from probes.deployment.integrity import Answer, ask
from probes.errors import ProbeFailed
from tests.probes.database.test_snapshot import reached
from tests.probes.deployment.watching import target
from tests.probes.watched import SystemClock

USERS = "SELECT count(*) FROM users"
# Our locks on portfolios.
LOCKED = (
    "SELECT count(*) FROM pg_locks WHERE relation = 'portfolios'::regclass AND mode = 'AccessShareLock'"
    " AND pid <> pg_backend_pid()"
)
# Holds its lock for seconds.
SLOW = "SELECT n FROM (SELECT count(*) AS n, pg_sleep({}) FROM portfolios) AS slow"


def asked(dsn: str, *questions: tuple[str, str], **settings: Any) -> dict[str, Answer]:
    return asyncio.run(ask(target(dsn), questions, SystemClock(), **settings))


def asked_beside(
    dsn: str, questions: list[tuple[str, str]], beside: Callable[[asyncpg.Connection], Awaitable[None]]
) -> tuple[dict[str, Answer], float]:
    """The answers, and the seconds that `beside` took, begun once a question has its lock on portfolios."""

    async def main() -> tuple[dict[str, Answer], float]:
        administrator = await asyncpg.connect(dsn)
        try:
            asking = asyncio.create_task(ask(target(dsn), questions, SystemClock()))
            await reached(administrator, LOCKED, 1)
            started = time.perf_counter()
            await beside(administrator)
            seconds = time.perf_counter() - started
            return await asking, seconds
        finally:
            await administrator.close()

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        (USERS, 4.0),
        ("SELECT sum(id) + 0.25 FROM users", 10.25),
        ("SELECT true", 1.0),
        ("SELECT false", 0.0),
        ("SELECT md5('x')", "9dd4e461268c8034f5c8564e155c67a6"),
        ("SELECT sum(id) FROM users WHERE false", None),
        ("SELECT DATE '2024-12-01'", "2024-12-01"),
        ("WITH u AS (SELECT 2.50 AS a) SELECT a FROM u; -- the last word\n", 2.5),
        ("TABLE only_value", 41.0),
    ],
)
def test_an_answer_is_one_value(portal_database: str, sql: str, value: object) -> None:
    """Figures and truths are floats, the rest stays the text that it is, NULL is no value."""

    async def main() -> None:
        connection = await asyncpg.connect(portal_database)
        await connection.execute("CREATE TABLE only_value AS SELECT 41 AS id")
        await connection.close()

    asyncio.run(main())
    answer = asked(portal_database, ("one", sql))["one"]
    assert answer == Answer(value)  # type: ignore[arg-type]
    assert type(answer.value) is type(value)


def test_a_question_that_fails_spoils_no_other(probe_role: str) -> None:
    """Each has a trouble of its own, in words that quote no row, and the next one is answered; so too as the role that
    watches."""
    answers = asked(
        probe_role,
        ("missing", "SELECT count(*) FROM nowhere"),
        ("two rows", "SELECT email FROM users"),
        ("two columns", "SELECT 1, 2"),
        ("none", "SELECT id FROM users WHERE false"),
        ("broken", "SELECT 1 / (SELECT count(*) FROM users WHERE false)"),
        ("quoting", "SELECT full_name::int FROM users ORDER BY id LIMIT 1"),
        ("writing", "SELECT nextval('users_id_seq')"),
        ("endless", "SELECT 'infinity'::float8"),
        ("two statements", "SELECT 1; SELECT 2"),
        ("last", USERS),
    )
    assert {name: one.trouble for name, one in answers.items()} == {
        "missing": 'relation "nowhere" does not exist',
        "two rows": "more than one row",
        "two columns": "2 columns, must be one",
        "none": "no row, must be one",
        "broken": "division by zero",
        "quoting": "invalid input syntax for type integer",
        "writing": "a question may not use the function nextval",
        "endless": "no finite number",
        "two statements": 'syntax error at or near ";"',
        "last": "",
    }
    assert answers["last"] == Answer(4.0)
    assert [one.value for one in answers.values()][:-1] == [None] * 9


def test_what_a_function_of_the_portal_raises_is_not_quoted(portal_database: str) -> None:
    """Its text may hold a row."""

    async def main() -> None:
        connection = await asyncpg.connect(portal_database)
        await connection.execute(
            "CREATE FUNCTION odd() RETURNS int LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'adviser1@portal.example is odd'; END $$"
        )
        await connection.close()

    asyncio.run(main())
    answer = asked(portal_database, ("odd", "SELECT odd()"))["odd"]
    assert answer == Answer(trouble="a function of the database raised an error of its own")


def test_a_question_has_its_own_time(portal_database: str) -> None:
    """One that takes too long ends, the next is answered; the target's own limit, made for probes, does not hold."""
    short = target(portal_database, statement_timeout=0.05)
    questions = [("slow", SLOW.format(0.3)), ("quick", USERS)]
    answers = asyncio.run(ask(short, questions, SystemClock()))
    assert answers == {"slow": Answer(520.0), "quick": Answer(4.0)}
    answers = asyncio.run(ask(short, [("slow", SLOW.format(30)), ("quick", USERS)], SystemClock(), 0.3))
    assert answers["slow"] == Answer(trouble="canceling statement due to statement timeout")
    assert answers["quick"] == Answer(4.0)


def test_all_answers_are_of_one_moment(portal_database: str) -> None:
    """A row that is written after the first question is in no later answer."""

    async def write(administrator: asyncpg.Connection) -> None:
        await administrator.execute("INSERT INTO available_providers (name) VALUES ('new')")

    providers = "SELECT count(*) FROM available_providers"
    answers, _ = asked_beside(portal_database, [("slow", SLOW.format(0.5)), ("later", providers)], write)
    assert answers == {"slow": Answer(520.0), "later": Answer(12.0)}
    assert asked(portal_database, ("later", providers))["later"] == Answer(13.0)


def test_whoever_waits_for_our_lock_does_not_wait_for_our_answer(portal_database: str) -> None:
    """An ALTER TABLE behind a question of eight seconds ends that, and the next question is answered."""

    async def alter(administrator: asyncpg.Connection) -> None:
        await administrator.execute("ALTER TABLE portfolios ADD COLUMN note text")

    answers, seconds = asked_beside(portal_database, [("slow", SLOW.format(8)), ("next", USERS)], alter)
    assert "somebody waited for a lock" in answers["slow"].trouble
    assert answers["next"] == Answer(4.0)
    assert seconds < 4


def test_a_question_that_is_answered_holds_no_lock(portal_database: str) -> None:
    """A table that was counted is free while the next question runs."""

    async def alter(administrator: asyncpg.Connection) -> None:
        await administrator.execute("ALTER TABLE users ADD COLUMN note text")

    answers, seconds = asked_beside(portal_database, [("users", USERS), ("slow", SLOW.format(3))], alter)
    assert answers == {"users": Answer(4.0), "slow": Answer(520.0)}
    assert seconds < 2


def test_a_table_that_is_written_anew_has_lost_no_rows(portal_database: str) -> None:
    """To a snapshot from before it is empty, which is no answer; a table that was left alone has one."""

    async def rewrite(administrator: asyncpg.Connection) -> None:
        await administrator.execute("ALTER TABLE users ALTER COLUMN id TYPE numeric USING id")

    questions = [("slow", SLOW.format(0.5)), ("users", USERS), ("groups", "SELECT count(*) FROM client_groups")]
    asyncio.run(_drop_keys(portal_database))
    answers, _ = asked_beside(portal_database, questions, rewrite)
    assert answers["users"] == Answer(trouble="users was written anew while questions were asked; ask again")
    assert answers["groups"] == Answer(130.0)
    assert asked(portal_database, ("users", USERS))["users"] == Answer(4.0)


async def _drop_keys(dsn: str) -> None:
    """Keys that point at users keep its column from getting another type."""
    connection = await asyncpg.connect(dsn)
    for row in await connection.fetch(
        "SELECT conrelid::regclass::text AS relation, conname FROM pg_constraint WHERE confrelid = 'users'::regclass"
    ):
        await connection.execute(f"ALTER TABLE {row['relation']} DROP CONSTRAINT {row['conname']}")
    await connection.execute("ALTER TABLE users ALTER COLUMN id DROP IDENTITY")
    await connection.close()


def test_a_locked_table_is_not_waited_for(portal_database: str) -> None:
    """A question behind an exclusive lock gives up within the target's lock time-out."""

    async def main() -> dict[str, Answer]:
        administrator = await asyncpg.connect(portal_database)
        transaction = administrator.transaction()
        await transaction.start()
        await administrator.execute("LOCK TABLE portfolios IN ACCESS EXCLUSIVE MODE")
        try:
            locked = ("locked", "SELECT count(*) FROM portfolios")
            return await ask(target(portal_database), [locked, ("free", USERS)], SystemClock())
        finally:
            await transaction.rollback()
            await administrator.close()

    answers = asyncio.run(main())
    assert answers["locked"].trouble == "canceling statement due to lock timeout"
    assert answers["free"] == Answer(4.0)


def test_a_lost_connection_is_a_failure(portal_database: str) -> None:
    """And nothing of ours stays behind on the server."""

    async def end(administrator: asyncpg.Connection) -> None:
        await administrator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'portalwatch' AND datname = current_database()"
        )

    with pytest.raises(ProbeFailed, match="the connection was lost"):
        asked_beside(portal_database, [("slow", SLOW.format(8))], end)


def test_a_server_that_is_not_there_is_a_failure() -> None:
    """It says so without the URL."""
    with pytest.raises(ProbeFailed) as caught:
        asked("postgresql://someone:secret@127.0.0.1:1/portal", ("users", USERS))
    assert "secret" not in str(caught.value)


def test_nothing_of_ours_stays_behind(portal_database: str) -> None:
    """After the answers neither the asking connection nor the guard's is left."""

    async def main() -> int:
        await ask(target(portal_database), [("slow", SLOW.format(0.2))], SystemClock())
        administrator = await asyncpg.connect(portal_database)
        ours = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'portalwatch'"
        for _ in range(200):
            if not (left := await administrator.fetchval(ours)):
                break
            await asyncio.sleep(0.01)
        await administrator.close()
        return int(left)

    assert asyncio.run(main()) == 0
