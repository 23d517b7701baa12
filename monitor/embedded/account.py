"""The ordinary user a server runs as: PostgreSQL refuses to run as root."""

import contextlib
import os
import pwd
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from monitor.embedded.errors import EmbeddedServerError
from monitor.lifetime import die_with_parent

# Who serves when we are root, the first that exists.
_ORDINARY_USERS = ("postgres", "nobody")

# What the programs need from our environment; the rest may hold secrets, and PG* variables would change their minds.
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH")


@dataclass(frozen=True)
class Account:
    """The user to run PostgreSQL's programs as, with the group that goes with it."""

    name: str
    uid: int
    gid: int

    @property
    def is_another(self) -> bool:
        """Whether starting a program means to change the user."""
        return self.uid != os.geteuid()

    def spawn(
        self,
        command: Sequence[str | Path],
        *,
        death_signal: signal.Signals,
        output: IO[bytes] | int,
        environment: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start a program as this user; it gets `death_signal` when we die, and no signal of our terminal.

        Raises: OSError or subprocess.SubprocessError when it can't be started, LifetimeError outside the main thread.
        """
        inherited = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",  # ours may be a folder this user can't enter
            env={**inherited, "LC_ALL": "C", **(environment or {})},
            start_new_session=True,  # Ctrl-C is for us: we stop the server when we are done with it
            preexec_fn=die_with_parent(death_signal),  # noqa: PLW1509  (two system calls and no more)
            user=self.uid if self.is_another else None,
            group=self.gid if self.is_another else None,
            extra_groups=[] if self.is_another else None,
        )

    def complaint(self, command: Sequence[str | Path]) -> str | None:
        """Why this user can't run a short command successfully; None when it can."""
        try:
            process = self.spawn(command, death_signal=signal.SIGKILL, output=subprocess.PIPE)
            output, _ = process.communicate()
        except (OSError, subprocess.SubprocessError) as error:
            return str(error)
        return None if process.returncode == 0 else output.decode(errors="replace").strip() or "it failed"

    def can_enter(self, folder: Path) -> bool:
        """Whether this user may reach into the folder; asked of the kernel, so access lists count too."""
        return self.complaint(["/bin/sh", "-c", 'cd -- "$1"', "sh", folder]) is None


def choose_account(data: Path) -> Account:
    """Who runs the server of a data directory: ourselves, or, when we are root, its owner or an ordinary user.

    Raises: EmbeddedServerError when we are root and the machine has no ordinary user to change to.
    """
    if os.geteuid() != 0:
        return Account(_name_of(os.geteuid()), os.geteuid(), os.getegid())
    if data.exists() and (owner := data.stat()).st_uid != 0:
        return Account(_name_of(owner.st_uid), owner.st_uid, owner.st_gid)
    for name in _ORDINARY_USERS:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(name, entry.pw_uid, entry.pw_gid)
    raise EmbeddedServerError(
        "PostgreSQL does not run as root, and this machine has neither a user 'postgres' nor 'nobody' to run it as. "
        "Create one (useradd --system postgres), run portalwatch as an ordinary user, or give a store URL."
    )


def _name_of(uid: int) -> str:
    """The user's name; a container may run under a number that has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
