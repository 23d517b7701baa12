"""An embedded PostgreSQL under our own supervision: it lives in one folder and never longer than we do."""

import asyncio
import contextlib
import errno
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import asyncpg

from monitor.embedded.account import choose_account
from monitor.embedded.binaries import PostgresBinaries, find_binaries
from monitor.embedded.cluster import USER, create_cluster
from monitor.embedded.errors import DirectoryUnusableError, EmbeddedServerError, OutOfSpaceError
from monitor.embedded.home import PORT, ServerHome, make_passable
from monitor.embedded.postmaster import make_way
from monitor.embedded.process import DEATH_SIGNAL, running_server
from monitor.embedded.readable_copy import readable_by
from monitor.lifetime import LifetimeError, die_with_parent

# An immediate shutdown takes 5 s at the most, and a little more on a busy machine.
_FORMER_SERVER_SECONDS = 15.0


class EmbeddedServer:
    """A running PostgreSQL, reached through a unix socket that only its own user and root can open.

    Start and stop block (0.6 s for a new directory, 0.05 s after that): call them before and after an event loop.
    """

    def __init__(self, home: ServerHome, binaries: PostgresBinaries, running: contextlib.ExitStack) -> None:
        """Use `start`."""
        self._home = home
        self._running = running
        self.binaries = binaries

    @classmethod
    def start(
        cls,
        directory: Path,
        *,
        binaries: PostgresBinaries | None = None,
        durable: bool = True,
        timeout_seconds: float = 60.0,
    ) -> Self:
        """Start the server of a directory, making the directory and a database cluster in it if need be.

        The server ends with this process, however that ends, and the next start works at once. Run by root, it changes
        to the owner of the directory's data, at first the user 'postgres' or else 'nobody'.

        Args: binaries: the PostgreSQL to run; by default the first installed one that fits the directory. durable:
        False is faster, survives every end of a process, and may lose the whole directory at a power failure.
        timeout_seconds: how long the server may take to accept connections, replaying its log after a crash included.

        Raises: EmbeddedServerError and its kinds (see `errors`): no PostgreSQL, a directory in use or out of reach, too
        little space, not Linux, not the main thread, a server that does not come up. Nothing runs then.
        """
        home = ServerHome(directory.resolve())
        with contextlib.ExitStack() as running, _in_our_words(home):
            die_with_parent(DEATH_SIGNAL)  # refuses, where it must, before anything is made
            make_passable(home.path)
            running.enter_context(home.held())
            binaries = _fitting(home, binaries)
            account = choose_account(home.data)
            home.check_free_space()
            home.check_reach(account)
            binaries = readable_by(account, binaries)
            if not home.data.exists():
                create_cluster(home, binaries, account)
            running.enter_context(home.socket_folder(account))
            environment = make_way(home.data, home.sockets, _FORMER_SERVER_SECONDS)
            running.enter_context(running_server(home, binaries, account, durable, environment, timeout_seconds))
            return cls(home, binaries, running.pop_all())

    def stop(self) -> None:
        """Stop the server and leave the directory to others; nothing happens when it was stopped before.

        Open connections are cut. Blocks until the server is gone.
        """
        self._running.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def dsn(self, database: str, role: str = USER) -> str:
        """Where a client such as asyncpg finds the database: a URL with the folder of the unix socket."""
        return _dsn(self._home, database, role)

    @staticmethod
    def running_dsn(directory: Path, database: str) -> str:
        """The DSN of a server that another process runs in that directory, for when `start` says it is in use."""
        return _dsn(ServerHome(directory.absolute()), database)

    def create_database(self, name: str) -> None:
        """Create the database unless it exists. Runs an event loop of its own: call it where none is running.

        Raises: EmbeddedServerError when the server refuses.
        """
        try:
            asyncio.run(_create_database(self.dsn("postgres"), name))
        except (asyncpg.PostgresError, OSError) as error:
            raise EmbeddedServerError(f"The database {name!r} could not be created: {error}") from error


def _dsn(home: ServerHome, database: str, role: str = USER) -> str:
    # The port is part of the socket's name, and named because a PGPORT in the environment would change it.
    path = f"{quote(role, safe='')}@/{quote(database, safe='')}"
    return f"postgresql://{path}?host={quote(str(home.sockets))}&port={PORT}"


async def _create_database(dsn: str, name: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        if not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name):
            quoted = await connection.fetchval("SELECT quote_ident($1)", name)
            await connection.execute(f"CREATE DATABASE {quoted}")
    except asyncpg.DuplicateDatabaseError:  # another client was faster
        pass
    finally:
        await connection.close()


@contextlib.contextmanager
def _in_our_words(home: ServerHome) -> Iterator[None]:
    """Turn what the system raises during a start into errors that say what to do."""
    try:
        yield
    except LifetimeError as error:
        raise EmbeddedServerError(f"The embedded PostgreSQL can't run here: {error} Or give a store URL.") from error
    except subprocess.SubprocessError as error:
        raise EmbeddedServerError(f"PostgreSQL could not be started in {home.path}: {error}") from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise OutOfSpaceError(
                f"The disk of {home.path} is full: {error}. Make room, or choose a directory on another disk."
            ) from error
        raise DirectoryUnusableError(
            f"{home.path} can't hold a server: {error}. Mend that, or choose another directory."
        ) from error


def _fitting(home: ServerHome, chosen: PostgresBinaries | None) -> PostgresBinaries:
    """The binaries to run: those chosen, or the first that fit the data directory.

    Raises: DirectoryUnusableError when the chosen ones do not fit, BinariesNotFoundError when none do.
    """
    major = home.major()
    if chosen is None:
        return find_binaries(major=major)
    if major not in (None, chosen.major):
        raise DirectoryUnusableError(
            f"{home.data} was made by PostgreSQL {major}, and PostgreSQL {chosen.version} can't read it. Use the "
            f"binaries of PostgreSQL {major}, or choose another directory."
        )
    return chosen
