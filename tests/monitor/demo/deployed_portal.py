"""The portal's database in the tests: questions to it, and its migration without a word."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg

from monitor.demo.deployment import migrate, roll_back
from monitor.demo.faults import Fault

Answer = TypeVar("Answer")


def ask(dsn: str, question: Callable[[asyncpg.Connection], Awaitable[Answer]]) -> Answer:
    async def over_a_connection() -> Answer:
        connection = await asyncpg.connect(dsn)
        try:
            return await question(connection)
        finally:
            await connection.close()

    return asyncio.run(over_a_connection())


def rows(dsn: str, query: str) -> list[tuple[object, ...]]:
    return [tuple(record) for record in ask(dsn, lambda connection: connection.fetch(query))]


def value(dsn: str, query: str) -> object:
    return ask(dsn, lambda connection: connection.fetchval(query))


def migrate_quietly(dsn: str, *faults: Fault) -> None:
    asyncio.run(migrate(dsn, faults=frozenset(faults), progress=_say_nothing))


def roll_back_quietly(dsn: str, down_to: int = 1) -> None:
    asyncio.run(roll_back(dsn, progress=_say_nothing, down_to=down_to))


def _say_nothing(_phase: int, _text: str) -> None:
    pass
