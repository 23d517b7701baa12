"""Who may do what: three rights, and tokens of which only the hash is kept."""

import hashlib
import secrets
from datetime import datetime
from enum import StrEnum

import asyncpg

from monitor.errors import ConfigurationError
from monitor.sql import statement

_PREFIX = "pw_"


class Right(StrEnum):
    """The public view needs no token; an operator acknowledges and sees who was told; ingest only sends in."""

    PUBLIC_VIEW = "public_view"
    OPERATOR = "operator"
    INGEST = "ingest"


def token_hash(token: str) -> bytes:
    """SHA-256 of a token. Tokens are 256 random bits, so a fast hash without salt is enough."""
    return hashlib.sha256(token.encode()).digest()


class AccessTokens:
    """Tokens in the store, on a pool of connections to it."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def create(self, name: str, right: Right, now: datetime, expires_at: datetime | None = None) -> str:
        """Make a token and return it; it can't be shown again. Raises ConfigurationError where the name is taken."""
        if right is Right.PUBLIC_VIEW:
            raise ConfigurationError("the public view needs no token")
        token = _PREFIX + secrets.token_urlsafe(32)
        try:
            await self._pool.execute(statement("insert_token"), name, right, token_hash(token), now, expires_at)
        except asyncpg.UniqueViolationError as error:
            raise ConfigurationError(f"there is a token {name!r} already; choose another name") from error
        return token

    async def revoke(self, name: str, now: datetime) -> None:
        """End a token. Raises ConfigurationError where there is none that is valid."""
        if await self._pool.execute(statement("revoke_token"), name, now) == "UPDATE 0":
            raise ConfigurationError(f"there is no valid token {name!r}")

    async def right_of(self, token: str, now: datetime) -> Right | None:
        """The right a token gives, None for one that is unknown, revoked or expired."""
        right = await self._pool.fetchval(statement("select_token"), token_hash(token), now)
        return None if right is None else Right(right)
