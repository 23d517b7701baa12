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
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from monitor.errors import CannotRunError, ConfigurationError, MonitorError

APPLICATION_NAME = "portalwatch-store"
# What a connect can end in: nobody there, refused, or a URL that is none.
_CONNECT_ERRORS = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError)  # OSError has TimeoutError
_MIGRATION_LOCK = "SELECT pg_advisory_xact_lock(hashtext('portalwatch.migrations'))"


class StoreUnreachableError(CannotRunError):
    """The store can't be reached or refuses us; the message names no password."""


def _unreachable(error: Exception) -> MonitorError:
    if isinstance(error, ValueError):  # its text may be a piece of the password
        return ConfigurationError(
            "store.url is no PostgreSQL URL: write postgresql://user:password@host:5432/database, "
            "and what is special in a password percent-encoded"
        )
    answer = str(error).splitlines()[0] if str(error) else "no answer"
    return StoreUnreachableError(
        f"the store can't be reached ({type(error).__name__}: {answer}); "
        "check that PostgreSQL runs and that store.url names it, its user and its password"
    )


@asynccontextmanager
async def store_pool(dsn: str, *, size: int = 4, eager: bool = True) -> AsyncIterator[asyncpg.Pool]:
    """A pool of connections to the store, closed at the end.

    `eager`: connect now, and raise StoreUnreachableError where that fails; else whoever asks the store meets the error.
    Raises ConfigurationError for a URL that is none.
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
    except _CONNECT_ERRORS as error:
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

    Raises StoreUnreachableError, CannotRunError where the server refuses a statement, ConfigurationError for a URL
    that is none.
    """

    async def connect() -> asyncpg.Connection:
        # Here, because SQLAlchemy turns the driver's errors into its own, which tell less.
        try:
            return await asyncpg.connect(dsn, timeout=10)
        except _CONNECT_ERRORS as error:
            raise _unreachable(error) from error

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade)
    except OSError as error:
        raise _unreachable(error) from error
    except (DBAPIError, asyncpg.PostgresError) as error:
        reason = str(error.orig if isinstance(error, DBAPIError) else error).splitlines()[0]
        raise CannotRunError(
            f"the store can't be brought to this release ({reason}); nothing was changed: "
            "check that the database is the store's own and that its user may create tables in it"
        ) from error
    finally:
        await engine.dispose()


async def schema_revision(pool: asyncpg.Pool) -> str | None:
    """The revision the store's schema is at, None for a store that was never migrated."""
    if await pool.fetchval("SELECT to_regclass('alembic_version')") is None:
        return None
    revision: str | None = await pool.fetchval("SELECT version_num FROM alembic_version")
    return revision
