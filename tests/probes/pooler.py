"""A real PgBouncer in transaction mode, in front of a server of the tests."""

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from monitor.embedded.account import choose_account

START_SECONDS = 30.0


@contextmanager
def pooled(dsn: str, directory: Path, *, ignored: bool) -> Iterator[str]:
    """The DSN that leads through it. `ignored`: it drops the settings that it does not know, else it refuses them."""
    program = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/bin")
    if program is None:
        pytest.skip("there is no pgbouncer here")
    parts = urlsplit(dsn)
    query, database = parse_qs(parts.query), parts.path.strip("/")
    home = Path(tempfile.mkdtemp(dir=directory, prefix="pgbouncer-"))
    account = choose_account(home / "nothing")
    shutil.chown(home, account.uid, account.gid)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    users, settings = home / "users.txt", home / "pgbouncer.ini"
    users.write_text(f'"{parts.username}" ""\n')
    settings.write_text(
        f"[databases]\n{database} = host={query['host'][0]} port={query['port'][0]}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = trust\nauth_file = {users}\npool_mode = transaction\n"
    )
    if ignored:
        unknown = ("default_transaction_read_only", "statement_timeout", "lock_timeout")
        with settings.open("a") as file:
            file.write(f"ignore_startup_parameters = {', '.join(unknown)}, idle_in_transaction_session_timeout\n")
    process = account.spawn([program, settings], death_signal=signal.SIGKILL, output=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        yield f"postgresql://{parts.username}@127.0.0.1:{port}/{database}?sslmode=disable"
    finally:
        process.kill()
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            time.sleep(0.02)
    raise AssertionError(f"pgbouncer did not listen (exit code {process.poll()})")
