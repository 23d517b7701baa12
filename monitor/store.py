"""Where the store is: the URL the user gave, or an embedded server for as long as it is needed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from monitor.embedded import DirectoryInUseError, EmbeddedServer, EmbeddedServerError
from monitor.errors import CannotRunError
from monitor.settings import StoreSettings

DATABASE = "portalwatch"
# How the service is told where the store is: a URL may hold a password, so it is no argument. Not a user's setting.
STORE_VARIABLE = "_PORTALWATCH_STORE"


def data_directory(settings: StoreSettings) -> Path:
    """Where the embedded server and the spool live unless `store.directory` says otherwise."""
    if settings.directory is not None:
        return settings.directory
    if os.geteuid() == 0:
        return Path("/var/lib/portalwatch")
    data_home = os.environ.get("XDG_DATA_HOME")
    return (Path(data_home) if data_home else Path.home() / ".local" / "share") / "portalwatch"


@contextmanager
def store_dsn(settings: StoreSettings, *, shared: bool = False) -> Iterator[str]:
    """The DSN of the store. Without a URL an embedded server runs for the time of the context.

    `shared`: where a running service has the embedded server already, that one is used. Raises CannotRunError.
    """
    if settings.url is not None:
        yield settings.url.get_secret_value()
        return
    directory = data_directory(settings) / "postgresql"
    try:
        server = EmbeddedServer.start(directory)
    except DirectoryInUseError as error:
        if not shared:
            raise CannotRunError(str(error)) from error
        yield EmbeddedServer.running_dsn(directory, DATABASE)
        return
    except EmbeddedServerError as error:
        raise CannotRunError(str(error)) from error
    with server:
        server.create_database(DATABASE)
        yield server.dsn(DATABASE)
