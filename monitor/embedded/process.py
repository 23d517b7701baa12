"""The server's process: its settings, and its life from the first to the last moment."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping

from monitor.embedded.account import Account
from monitor.embedded.binaries import PostgresBinaries
from monitor.embedded.home import PORT, ServerHome
from monitor.embedded.postmaster import read_postmaster

# Immediate shutdown. The one signal that always ends a server nobody watches any more: after 5 s PostgreSQL kills what
# has not gone (SIGKILL_CHILDREN_AFTER_SECS in postmaster.c), while the milder SIGINT waits for the last backend without
# limit. What was committed is in the write-ahead log, which the next start replays.
DEATH_SIGNAL = signal.SIGQUIT

_POLL_SECONDS = 0.005
_FAST_STOP_SECONDS = 30.0
_IMMEDIATE_STOP_SECONDS = 10.0

_SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "cluster_name": "portalwatch",
    "shared_buffers": "96MB",
    "max_wal_size": "256MB",
    "min_wal_size": "32MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] %d ",
}
# For data that may go with the machine: the demo's, and the tests'.
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@contextlib.contextmanager
def running_server(
    home: ServerHome,
    binaries: PostgresBinaries,
    account: Account,
    durable: bool,
    environment: Mapping[str, str],
    timeout_seconds: float,
) -> Iterator[None]:
    """A server that accepts connections, and is gone afterwards.

    Raises: EmbeddedServerError with the log's last lines when it does not accept them within `timeout_seconds`.
    """
    log = home.open_log()
    try:
        log_start = os.fstat(log).st_size
        process = account.spawn(
            [binaries.bin_directory / "postgres", "-D", home.data, *_options(home, binaries, durable)],
            death_signal=DEATH_SIGNAL,
            output=log,
            environment=environment,
        )
    finally:
        os.close(log)
    try:
        _wait_until_ready(home, process, log_start, timeout_seconds)
        yield
    finally:
        _end(process)


def _options(home: ServerHome, binaries: PostgresBinaries, durable: bool) -> list[str]:
    """The settings as arguments, so that those of the running release hold, and not those of the first start."""
    quoted_folder = str(home.sockets).replace('"', '""')
    settings = {**_SETTINGS, "unix_socket_directories": f'"{quoted_folder}"'}
    if binaries.has_library("pg_stat_statements"):
        settings["shared_preload_libraries"] = "pg_stat_statements"
    if not durable:
        settings |= _NOT_DURABLE
    return [argument for name, value in settings.items() for argument in ("-c", f"{name}={value}")]


def _wait_until_ready(
    home: ServerHome, process: subprocess.Popen[bytes], log_start: int, timeout_seconds: float
) -> None:
    deadline = time.monotonic() + timeout_seconds
    while True:
        postmaster = read_postmaster(home.data)
        if postmaster and (postmaster.pid, postmaster.status) == (process.pid, "ready"):
            return
        if process.poll() is not None:
            raise home.failure(f"PostgreSQL ended during its start (log: {home.log})", home.log_since(log_start))
        if time.monotonic() > deadline:
            raise home.failure(
                f"PostgreSQL was not ready after {timeout_seconds:.0f} s (log: {home.log})", home.log_since(log_start)
            )
        time.sleep(_POLL_SECONDS)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Fast shutdown, then immediate, then by force, until the process is gone."""
    for stop_signal, patience_seconds in (
        (signal.SIGINT, _FAST_STOP_SECONDS),
        (signal.SIGQUIT, _IMMEDIATE_STOP_SECONDS),
        (signal.SIGKILL, None),
    ):
        process.send_signal(stop_signal)  # does nothing when it is gone
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience_seconds)
            return
