"""The folder of an embedded server: its data directory, its socket, its log, and the lock that keeps others out."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from monitor.embedded.account import Account
from monitor.embedded.errors import (
    DirectoryInUseError,
    DirectoryUnusableError,
    EmbeddedServerError,
    OutOfSpaceError,
)

_MEGABYTE = 2**20
# A new cluster takes 40 MB, its write-ahead log up to max_wal_size (256 MB) between checkpoints.
FREE_SPACE_FOR_A_NEW_CLUSTER_BYTES = 300 * _MEGABYTE
# Two segments of 16 MB of write-ahead log, and room to delete what is old.
FREE_SPACE_FOR_A_START_BYTES = 48 * _MEGABYTE

# struct sockaddr_un leaves 108 bytes for the path and its final zero (unix(7)).
_LONGEST_SOCKET_PATH_BYTES = 107
PORT = 5432  # of no network: a part of the socket's name
SOCKET_NAME = f".s.PGSQL.{PORT}"

# Root may write into another user's folder here, and must not be led elsewhere by a link in it.
_NEW_FILE = os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW

_LOG_LIMIT_BYTES = 16 * _MEGABYTE
_LINES_SHOWN = 8
# strerror() of ENOSPC and EDQUOT, and PostgreSQL's hint after a short write; the programs run with LC_ALL=C.
_FULL = ("No space left on device", "Disk quota exceeded", "Check free disk space")


@dataclass(frozen=True)
class ServerHome:
    """The absolute path of the folder, and what is where in it."""

    path: Path

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.path / "data"

    @property
    def log(self) -> Path:
        """What the server prints."""
        return self.path / "server.log"

    @property
    def sockets(self) -> Path:
        """The folder of the unix socket: in this one, or a short one of its own where the path would be too long."""
        inside = self.path / "socket"
        if len(os.fsencode(inside / SOCKET_NAME)) <= _LONGEST_SOCKET_PATH_BYTES:
            return inside
        digest = hashlib.blake2b(os.fsencode(self.path), digest_size=6).hexdigest()
        return Path(tempfile.gettempdir()) / f"portalwatch-{digest}"

    def major(self) -> int | None:
        """The major version of PostgreSQL that made the data directory; None where there is none yet.

        Raises: DirectoryUnusableError when it can't be told.
        """
        if not self.data.exists():
            return None
        try:
            return int((self.data / "PG_VERSION").read_text())
        except PermissionError:
            raise DirectoryUnusableError(
                f"{self.data} belongs to another user. Run portalwatch as that user, or choose another directory."
            ) from None
        except (OSError, ValueError):
            raise DirectoryUnusableError(
                f"{self.data} is not a PostgreSQL data directory. Move it away, or choose another directory."
            ) from None

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Keep other processes out; the kernel lets go of the lock when this process ends, however it ends.

        Raises: DirectoryInUseError when another process holds it.
        """
        descriptor = os.open(self.path / "supervisor.lock", os.O_RDWR | _NEW_FILE, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.read(descriptor, 32).decode() or "unknown"
                raise DirectoryInUseError(
                    f"{self.path} is in use: the portalwatch process {holder} runs its PostgreSQL there. "
                    "Stop that process, or choose another directory."
                ) from None
            os.truncate(descriptor, 0)
            os.write(descriptor, str(os.getpid()).encode())
            yield
        finally:
            os.close(descriptor)

    def check_free_space(self) -> None:
        """Raises: OutOfSpaceError when the file system has less room than a start takes."""
        needed = FREE_SPACE_FOR_A_START_BYTES if self.data.exists() else FREE_SPACE_FOR_A_NEW_CLUSTER_BYTES
        free = shutil.disk_usage(self.path).free
        if free < needed:
            raise OutOfSpaceError(
                f"{self.path} has {free // _MEGABYTE} MB free; PostgreSQL needs {needed // _MEGABYTE} MB to start. "
                "Make room, or choose a directory on another disk."
            )

    def check_reach(self, account: Account) -> None:
        """Raises: DirectoryUnusableError, naming the first folder that the server's user may not enter."""
        if not account.is_another or account.can_enter(self.path):
            return
        for folder in reversed((self.path, *self.path.parents)):
            if not account.can_enter(folder):
                raise DirectoryUnusableError(
                    f"PostgreSQL does not run as root, and the user '{account.name}' it runs as may not enter "
                    f"{folder}. Choose a directory that user can reach, such as /var/lib/portalwatch, or open the "
                    f"folder to it: chmod o+x {folder}"
                )

    @contextlib.contextmanager
    def socket_folder(self, account: Account) -> Iterator[None]:
        """Make the folder of the socket, the account's own and closed to everyone else; it goes at the end.

        Raises: DirectoryUnusableError when somebody else made it.
        """
        self.sockets.mkdir(mode=0o700, exist_ok=True)  # after a kill it is there
        if account.is_another and self.sockets.lstat().st_uid == os.geteuid():
            os.chown(self.sockets, account.uid, account.gid, follow_symlinks=False)
        status = self.sockets.lstat()
        private = stat.S_ISDIR(status.st_mode) and stat.S_IMODE(status.st_mode) == 0o700
        if not (private and status.st_uid == account.uid):
            raise DirectoryUnusableError(
                f"{self.sockets} must be a folder of the user '{account.name}' with mode 0700. Remove it."
            )
        try:
            yield
        finally:
            with contextlib.suppress(OSError):  # a server that did not start may have left its lock there
                self.sockets.rmdir()

    def open_log(self) -> int:
        """A descriptor to append to the log with; a log that has grown large starts anew."""
        flags = os.O_WRONLY | os.O_APPEND | _NEW_FILE
        if self.log.exists() and self.log.stat().st_size > _LOG_LIMIT_BYTES:
            flags |= os.O_TRUNC
        return os.open(self.log, flags, 0o600)

    def log_since(self, position: int) -> str:
        """What was written to the log after that many bytes, its last 16 kB at the most."""
        with self.log.open("rb") as log:
            log.seek(max(position, log.seek(0, os.SEEK_END) - 16_384))
            return log.read().decode(errors="replace")

    def failure(self, what: str, output: str) -> EmbeddedServerError:
        """The error for a program that failed, with the last lines it printed."""
        last_lines = "".join(f"\n  {line}" for line in output.strip().splitlines()[-_LINES_SHOWN:])
        # A full disk may have no room for the complaint either.
        if any(text in output for text in _FULL) or shutil.disk_usage(self.path).free < _MEGABYTE:
            return OutOfSpaceError(
                f"The disk of {self.path} is full: {what}. Make room, or choose a directory on another disk."
                f"{last_lines}"
            )
        return EmbeddedServerError(f"{what} in {self.path}.{last_lines}")


def make_passable(folder: Path) -> None:
    """Make the folder, and those above it, if need be; folders that exist keep their mode.

    Made by root, they let everyone through, whatever our umask is: PostgreSQL runs as another user.
    """
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        if os.geteuid() == 0:
            path.chmod(0o755)
