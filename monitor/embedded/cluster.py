"""A new database cluster: all of it, or nothing."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from monitor.embedded.account import Account
from monitor.embedded.binaries import PostgresBinaries
from monitor.embedded.home import ServerHome

# The owner of everything in the cluster, and who our DSNs connect as.
USER = "portalwatch"

_UNFINISHED = ".initdb-"


def create_cluster(home: ServerHome, binaries: PostgresBinaries, account: Account) -> None:
    """Make the home's data directory with initdb, under another name until it is complete.

    UTF-8 with the C locale: every system has it, and no upgrade of its library ever changes an index's order. Whoever
    can open the socket is trusted; its folder lets in nobody but the account and root.

    Raises: EmbeddedServerError with initdb's last lines when it fails.
    """
    for leftover in home.path.glob(f"{_UNFINISHED}*"):  # of an initdb that was killed: the directory is locked
        shutil.rmtree(leftover, ignore_errors=True)
    unfinished = Path(tempfile.mkdtemp(dir=home.path, prefix=_UNFINISHED))
    try:
        if account.is_another:
            os.chown(unfinished, account.uid, account.gid, follow_symlinks=False)
        _run_initdb(home, binaries, account, unfinished)
        unfinished.rename(home.data)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _run_initdb(home: ServerHome, binaries: PostgresBinaries, account: Account, data: Path) -> None:
    process = account.spawn(
        [
            binaries.bin_directory / "initdb",
            f"--pgdata={data}",
            f"--username={USER}",
            "--encoding=UTF8",
            "--locale=C",
            "--auth-local=trust",
            "--auth-host=reject",
            "--no-sync",
            "--no-instructions",
        ],
        death_signal=signal.SIGTERM,  # it removes what it made
        output=subprocess.PIPE,
    )
    try:
        output, _ = process.communicate()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
    if process.returncode != 0:
        raise home.failure(f"initdb of PostgreSQL {binaries.version} failed", output.decode(errors="replace"))
