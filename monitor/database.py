"""The store's connections and its schema."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from monitor.errors import CannotRunError

APPLICATION_NAME = "portalwatch-store"
_MIGRATION_LOCK = "SELECT pg_advisory_xact_lock(hashtext('portalwatch.migrations'))"


class StoreUnreachableError(CannotRunError):
    """The store can't be reached or refuses us; the message names no password."""


def _unreachable(error: Exception) -> StoreUnreachableError:
    answer = str(error).splitlines()[0] if str(error) else "no answer"
    return StoreUnreachableError(
        f"the store can't be reached ({type(error).__name__}: {answer}); "
        "check that PostgreSQL runs and that store.url names it, its user and its password"
    )


@asynccontextmanager
async def store_pool(dsn: str, *, size: int = 4, eager: bool = True) -> AsyncIterator[asyncpg.Pool]:
    """A pool of connections to the store, closed at the end.

    `eager`: connect now, and raise StoreUnreachableError where that fails; else whoever asks the store meets the error.
    """
    try:
        pool = await asyncpg.create_pool(
            dsn,
            min_size=1 if eager else 0,
            max_size=size,
            timeout=10,
            command_timeout=60,
            server_settings={"application_name": APPLICATION_NAME, "timezone": "UTC"},
        )
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
        raise _unreachable(error) from error
    try:
        yield pool
    finally:
        try:
            await asyncio.wait_for(pool.close(), 10)
        except TimeoutError:
            pool.terminate()


def _alembic(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("monitor.migrations")))
    config.attributes["connection"] = connection
    return config


def newest_revision() -> str:
    """The revision this release of the code wants."""
    revision = ScriptDirectory.from_config(_alembic()).get_current_head()
    assert revision is not None
    return revision


def _upgrade(connection: Connection) -> None:
    connection.exec_driver_sql(_MIGRATION_LOCK)
    command.upgrade(_alembic(connection), "head")


async def migrate(dsn: str) -> None:
    """Bring the store's schema to this release, all or nothing; several instances may try at once.

    Raises StoreUnreachableError.
    """
    engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(dsn, timeout=10))
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade)
    except (
        OSError,
        asyncpg.InvalidAuthorizationSpecificationError,
        asyncpg.InvalidCatalogNameError,
        asyncpg.CannotConnectNowError,
        asyncpg.TooManyConnectionsError,
        TimeoutError,
    ) as error:
        raise _unreachable(error) from error
    finally:
        await engine.dispose()


async def schema_revision(pool: asyncpg.Pool) -> str | None:
    """The revision the store's schema is at, None for a store that was never migrated."""
    if await pool.fetchval("SELECT to_regclass('alembic_version')") is None:
        return None
    revision: str | None = await pool.fetchval("SELECT version_num FROM alembic_version")
    return revision
