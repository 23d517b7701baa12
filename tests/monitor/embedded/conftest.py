"""Folders a server's user can reach, every PostgreSQL there is, and processes that own a server and can be killed."""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

import monitor

# Starts a server, says who its main process is, and waits to be killed.
_OWNER = """
import sys, time
from pathlib import Path
from monitor.embedded import EmbeddedServer, find_binaries
bin_directory = Path(sys.argv[2]) if len(sys.argv) > 2 else None
with EmbeddedServer.start(Path(sys.argv[1]), binaries=find_binaries(bin_directory), durable=False):
    print("ready", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder that every user may enter; pytest's own are closed to the user root's servers run as."""
    path = Path(tempfile.mkdtemp(prefix="embedded-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def directory(folder: Path) -> Path:
    """Where a server may live; not made yet."""
    return folder / "store"


@pytest.fixture
def wait_until() -> Callable[[Callable[[], bool]], None]:
    """Polls a condition, and fails when it does not come true within 20 s: far more than anything here takes."""

    def wait(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < deadline, "it did not come true"
            time.sleep(0.01)

    return wait


@pytest.fixture
def processes_of() -> Callable[[Path], list[psutil.Process]]:
    """The live processes whose working directory, or an argument, is in the directory: its PostgreSQL and initdb."""

    def find(directory: Path) -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter():
            try:
                belongs = str(directory) in process.cwd() or any(str(directory) in word for word in process.cmdline())
                if belongs and process.name() in ("postgres", "initdb") and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except psutil.Error:
                continue
        return found

    return find


@pytest.fixture
def own(
    folder: Path,
    processes_of: Callable[[Path], list[psutil.Process]],
    wait_until: Callable[[Callable[[], bool]], None],
) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts another Python process that runs the server of a directory, and by default waits until it is ready."""
    owners: list[subprocess.Popen[bytes]] = []

    def start(directory: Path, bin_directory: Path | None = None, *, ready: bool = True) -> subprocess.Popen[bytes]:
        arguments = [str(path) for path in (directory, bin_directory) if path]
        root = Path(monitor.__file__).parents[1]
        owner = subprocess.Popen(
            [sys.executable, "-c", _OWNER, *arguments],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])},
        )
        owners.append(owner)
        if ready:
            assert owner.stdout is not None
            assert owner.stdout.readline() == b"ready\n"
        return owner

    yield start
    for owner in owners:
        owner.kill()
        owner.communicate()
    wait_until(lambda: processes_of(folder) == [])


@pytest.fixture
def fetch_value() -> Callable[[str, str], object]:
    """One value from a database, over a connection of its own."""

    def fetch(dsn: str, query: str) -> object:
        async def ask() -> object:
            connection = await asyncpg.connect(dsn)
            try:
                return await connection.fetchval(query)
            finally:
                await connection.close()

        return asyncio.run(ask())

    return fetch
