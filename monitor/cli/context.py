"""What a command opens before it does its one thing: the configuration, and the store."""

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import asyncpg

from alerts import AlertStoreError
from baselines import BaselineError
from monitor.configuration import Configuration, load_configuration
from monitor.database import migrate, store_pool
from monitor.errors import CannotRunError, ConfigurationError
from monitor.event_loop import run
from monitor.store import store_dsn

T = TypeVar("T")


def configured(path: Path | None) -> Configuration:
    """The configuration of a command. Raises ConfigurationError."""
    return load_configuration(path, os.environ)


def with_store(configuration: Configuration, action: Callable[[asyncpg.Pool], Awaitable[T]]) -> T:
    """What `action` gives on a pool of connections to the migrated store; an embedded one runs just for that.

    Raises StoreUnreachableError, and ConfigurationError for a baseline that is not as asked.
    """

    async def act(dsn: str) -> T:
        await migrate(dsn)
        async with store_pool(dsn) as pool:
            return await action(pool)

    try:
        with store_dsn(configuration.settings.store, shared=True) as dsn:
            return run(act(dsn))
    except BaselineError as error:
        raise ConfigurationError(str(error)) from error
    except AlertStoreError as error:
        raise CannotRunError(str(error)) from error
