"""Tokens: only their hash is kept, and each gives one right."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from monitor.access import AccessTokens, Right
from monitor.database import store_pool
from monitor.errors import ConfigurationError
from tests.clocks import START


def test_a_token_gives_its_right_until_it_ends(store: str) -> None:
    """Valid from its making to its expiry or revocation; an unknown one gives nothing."""

    async def act() -> None:
        async with store_pool(store) as pool:
            tokens = AccessTokens(pool)
            operator = await tokens.create("ann", Right.OPERATOR, START)
            ingest = await tokens.create("front", Right.INGEST, START, START + timedelta(days=1))
            assert await tokens.right_of(operator, START) is Right.OPERATOR
            assert await tokens.right_of(ingest, START) is Right.INGEST
            assert await tokens.right_of(ingest, START + timedelta(days=2)) is None
            assert await tokens.right_of("pw_other", START) is None
            await tokens.revoke("ann", START)
            assert await tokens.right_of(operator, START) is None
            with pytest.raises(ConfigurationError, match="no valid token"):
                await tokens.revoke("ann", START)
            with pytest.raises(ConfigurationError, match="already"):
                await tokens.create("front", Right.INGEST, START)

    asyncio.run(act())


def test_the_store_keeps_no_token(store: str) -> None:
    """Nothing in the table contains the token's text."""

    async def act() -> None:
        async with store_pool(store) as pool:
            token = await AccessTokens(pool).create("ann", Right.OPERATOR, START)
            rows: list[asyncpg.Record] = await pool.fetch("SELECT * FROM access_token")
            assert token not in str([dict(row) for row in rows])
            assert token.removeprefix("pw_").encode() not in rows[0]["token_hash"]

    asyncio.run(act())


def test_the_public_view_has_no_token(store: str) -> None:
    """Making one is refused rather than meaningless."""

    async def act() -> None:
        async with store_pool(store) as pool:
            with pytest.raises(ConfigurationError, match="needs no token"):
                await AccessTokens(pool).create("x", Right.PUBLIC_VIEW, START)

    asyncio.run(act())
