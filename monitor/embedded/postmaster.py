"""The file by which PostgreSQL's main process says that it runs, and what a former one left in it."""

import contextlib
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from monitor.embedded.errors import DirectoryInUseError
from monitor.embedded.home import SOCKET_NAME

_POLL_SECONDS = 0.005


@dataclass(frozen=True)
class Postmaster:
    """What `postmaster.pid` says: the process, and its state ("starting", "ready", "stopping"; "" when unknown)."""

    pid: int
    status: str

    def runs(self, data: Path) -> bool:
        """Whether the process is a PostgreSQL on this data directory, and not another that got the number since."""
        try:
            process = psutil.Process(self.pid)
            return (
                process.status() != psutil.STATUS_ZOMBIE
                and process.name().startswith("post")
                and Path(process.cwd()) == data.resolve()
            )
        except psutil.Error:  # gone, or of a user we can't look at
            return False


def read_postmaster(data: Path) -> Postmaster | None:
    """The main process by `postmaster.pid`; None where there is no such file, or nothing in it.

    Lines 1 and 8 are the process and its state (src/include/utils/pidfile.h).
    """
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        return Postmaster(int(lines[0]), lines[7].strip() if len(lines) > 7 else "")
    except (FileNotFoundError, IndexError, ValueError):
        return None


def make_way(data: Path, sockets: Path, patience_seconds: float) -> dict[str, str]:
    """Wait for a former server to end, and tell the next one that what it left behind is stale.

    To be called with the directory locked, so that no other supervisor is about: a server that still runs is one whose
    supervisor died, and it is shutting down.

    Returns: environment variables for the next server. PostgreSQL clears a former server's lock files and shared
    memory away by itself, except where the number of its process belongs to another process of the same user now. That
    process is no server, as we have checked; PG_GRANDPARENT_PID is PostgreSQL's own way to be told so
    (CreateLockFile in src/backend/utils/init/miscinit.c). Removing the file instead would lose the key by which
    PostgreSQL finds the old shared memory.

    Raises: DirectoryInUseError when the former server does not end.
    """
    deadline = time.monotonic() + patience_seconds
    while (former := read_postmaster(data)) and former.runs(data):
        if time.monotonic() > deadline:
            raise DirectoryInUseError(
                f"A PostgreSQL that portalwatch does not supervise runs on {data} (process {former.pid}). "
                f"Stop it: kill -INT {former.pid}"
            )
        time.sleep(_POLL_SECONDS)
    for lock in (data / "postmaster.pid", sockets / f"{SOCKET_NAME}.lock"):
        _remove_if_empty(lock)
    return {"PG_GRANDPARENT_PID": str(former.pid)} if former else {}


def _remove_if_empty(lock: Path) -> None:
    """Remove a lock file that was cut off at its creation: PostgreSQL takes it for one that is being written."""
    with contextlib.suppress(FileNotFoundError):
        if lock.stat().st_size == 0:
            lock.unlink()
