import asyncio
import os
import signal
import stat
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from monitor.embedded import (
    BinariesNotFoundError,
    DirectoryInUseError,
    DirectoryUnusableError,
    EmbeddedServer,
    EmbeddedServerError,
    OutOfSpaceError,
    PostgresBinaries,
    find_binaries,
)
from monitor.embedded import home as home_module
from monitor.embedded import server as server_module

FetchValue = Callable[[str, str], object]
Own = Callable[..., "subprocess.Popen[bytes]"]
ProcessesOf = Callable[[Path], list[psutil.Process]]
WaitUntil = Callable[[Callable[[], bool]], None]

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes the user")


def start(directory: Path, binaries: PostgresBinaries | None = None) -> EmbeddedServer:
    return EmbeddedServer.start(directory, binaries=binaries, durable=False)


def test_data_outlives_a_restart(each_postgres: PostgresBinaries, directory: Path, fetch_value: FetchValue) -> None:
    """What was written is there after a stop and a start, on every PostgreSQL."""
    with start(directory, each_postgres) as server:
        server.create_database("portal")
        fetch_value(server.dsn("portal"), "CREATE TABLE kept AS SELECT 42 AS answer")
        assert f" {each_postgres.version} " in str(fetch_value(server.dsn("portal"), "SELECT version() || ' '"))
    with start(directory, each_postgres) as server:
        assert fetch_value(server.dsn("portal"), "SELECT answer FROM kept") == 42


def test_no_process_is_left_after_a_stop(directory: Path, processes_of: ProcessesOf) -> None:
    """A stop returns when the last process of the server is gone, and a second stop does nothing."""
    server = start(directory)
    assert processes_of(directory)
    server.stop()
    assert processes_of(directory) == []
    server.stop()


@pytest.mark.parametrize("name", ["portal", 'it\'s a "portal" / 100%?'])
def test_a_database_is_created_once(name: str, directory: Path, fetch_value: FetchValue) -> None:
    """Creating a database that exists changes nothing, whatever its name needs in quoting."""
    with start(directory) as server:
        server.create_database(name)
        server.create_database(name)
        assert fetch_value(server.dsn(name), "SELECT current_database()") == name


@pytest.mark.parametrize("durable", [True, False])
def test_only_data_that_may_be_lost_goes_without_fsync(durable: bool, directory: Path, fetch_value: FetchValue) -> None:
    """A store is synced to disk; a demo need not be."""
    with EmbeddedServer.start(directory, durable=durable) as server:
        assert fetch_value(server.dsn("postgres"), "SHOW fsync") == ("on" if durable else "off")


def test_nobody_reaches_the_server_from_a_network(directory: Path, fetch_value: FetchValue) -> None:
    """The server listens on no address, and its socket is in a folder that is its user's alone."""
    with start(directory) as server:
        assert fetch_value(server.dsn("postgres"), "SHOW listen_addresses") == ""
        for closed in (directory / "socket", directory / "data"):
            assert stat.S_IMODE(closed.stat().st_mode) == 0o700


def test_a_port_in_the_environment_changes_nothing(
    directory: Path, fetch_value: FetchValue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PGPORT and PGDATA of a developer's shell mislead neither the server nor a client with its DSN."""
    monkeypatch.setenv("PGPORT", "9")
    monkeypatch.setenv("PGDATA", "/nowhere")
    with start(directory) as server:
        assert fetch_value(server.dsn("postgres"), "SELECT 1") == 1


def test_statement_statistics_are_on_where_they_are_installed(directory: Path, fetch_value: FetchValue) -> None:
    """pg_stat_statements can be created and read when the installation has its library."""
    with start(directory) as server:
        if not server.binaries.has_library("pg_stat_statements"):
            pytest.skip("this PostgreSQL comes without the library")
        fetch_value(server.dsn("postgres"), "CREATE EXTENSION pg_stat_statements")
        assert fetch_value(server.dsn("postgres"), "SELECT count(*) > 0 FROM pg_stat_statements")


def test_a_path_too_long_for_a_socket_is_no_hindrance(folder: Path, fetch_value: FetchValue) -> None:
    """The socket moves to a short folder of its own, which goes with the server."""
    with start(folder / ("long" * 30)) as server:
        sockets = home_module.ServerHome(folder / ("long" * 30)).sockets
        assert not sockets.is_relative_to(folder)
        assert fetch_value(server.dsn("postgres"), "SELECT 1") == 1
    assert not sockets.exists()


def test_a_second_server_on_the_directory_is_refused(directory: Path, own: Own) -> None:
    """While a process runs the server of a directory, another learns which one, and disturbs nothing."""
    owner = own(directory)
    with pytest.raises(DirectoryInUseError, match=f"process {owner.pid} "):
        start(directory)
    with pytest.raises(DirectoryInUseError), start(directory.parent / "elsewhere"):
        start(directory.parent / "elsewhere")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_the_server_ends_with_its_owner(
    how: signal.Signals,
    each_postgres: PostgresBinaries,
    directory: Path,
    own: Own,
    processes_of: ProcessesOf,
    wait_until: WaitUntil,
    fetch_value: FetchValue,
) -> None:
    """However the owner is killed, no PostgreSQL stays behind, and the next start works at once."""
    owner = own(directory, each_postgres.bin_directory)
    before = processes_of(directory)
    assert before
    owner.send_signal(how)
    owner.wait()
    with start(directory, each_postgres) as server:
        assert fetch_value(server.dsn("postgres"), "SELECT 1") == 1
        wait_until(lambda: not any(process.is_running() for process in before))
    assert processes_of(directory) == []


def test_a_killed_owner_leaves_no_server_though_nobody_starts_another(
    directory: Path, own: Own, processes_of: ProcessesOf, wait_until: WaitUntil
) -> None:
    """The end comes from the kernel, not from the next start."""
    own(directory).kill()
    wait_until(lambda: processes_of(directory) == [])
    assert not (directory / "data" / "postmaster.pid").exists()


def test_a_hung_connection_does_not_keep_an_orphan_alive(
    directory: Path, own: Own, processes_of: ProcessesOf, fetch_value: FetchValue
) -> None:
    """A backend that answers no signal delays the end of an orphan by seconds, and the next start waits for it."""
    owner = own(directory)
    worker = next(process for process in processes_of(directory) if "background writer" in " ".join(process.cmdline()))
    worker.suspend()
    owner.kill()
    owner.wait()
    with start(directory) as server:
        assert not worker.is_running()
        assert fetch_value(server.dsn("postgres"), "SELECT 1") == 1


def test_ctrl_c_is_for_us_and_not_for_the_server(directory: Path, processes_of: ProcessesOf) -> None:
    """The server is in no process group of ours, so that the terminal's signals pass it by."""
    with start(directory):
        assert os.getpgrp() not in {os.getpgid(process.pid) for process in processes_of(directory)}


@pytest.fixture
def stopped(directory: Path) -> Callable[[int], None]:
    """A directory whose server is gone; the fixture's value puts the lock files back with another process' number."""
    locks = [directory / "data" / "postmaster.pid", directory / "socket" / ".s.PGSQL.5432.lock"]
    with start(directory):
        contents = {lock: lock.read_text() for lock in locks}
        owner = (directory / "data").stat()

    def leave_locks(pid: int) -> None:
        (directory / "socket").mkdir(mode=0o700)
        os.chown(directory / "socket", owner.st_uid, owner.st_gid)
        for lock, text in contents.items():
            lock.write_text("\n".join([str(pid), *text.splitlines()[1:]]) + "\n")
            os.chown(lock, owner.st_uid, owner.st_gid)

    return leave_locks


def test_lock_files_of_a_dead_process_do_not_matter(directory: Path, stopped: Callable[[int], None]) -> None:
    """After a power failure the lock files name a process that is no more."""
    gone = subprocess.Popen(["true"])
    gone.wait()
    stopped(gone.pid)
    start(directory).stop()


def test_lock_files_that_name_a_stranger_do_not_matter(directory: Path, stopped: Callable[[int], None]) -> None:
    """The number in a stale lock file may belong to another program of the same user by now; it is left alone."""
    user = (directory / "data").stat().st_uid
    stranger = subprocess.Popen(["sleep", "600"], user=user if os.geteuid() == 0 else None, cwd="/")
    try:
        stopped(stranger.pid)
        start(directory).stop()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_lock_files_that_name_another_server_do_not_matter(
    directory: Path, folder: Path, stopped: Callable[[int], None]
) -> None:
    """The stranger may be a PostgreSQL too, only of another directory."""
    with start(folder / "other"):
        stopped(int((folder / "other" / "data" / "postmaster.pid").read_text().split()[0]))
        start(directory).stop()


def test_empty_lock_files_do_not_matter(directory: Path, stopped: Callable[[int], None]) -> None:
    """A crash between the creation of a lock file and its first line leaves it empty."""
    stopped(1)
    (directory / "data" / "postmaster.pid").write_text("")
    (directory / "socket" / ".s.PGSQL.5432.lock").write_text("")
    start(directory).stop()


def test_a_server_that_nobody_supervises_is_named_and_left_alone(
    directory: Path, own: Own, monkeypatch: pytest.MonkeyPatch, processes_of: ProcessesOf
) -> None:
    """A PostgreSQL that somebody started by hand is not ours to stop: the message says how to."""
    own(directory)
    (directory / "supervisor.lock").unlink()
    monkeypatch.setattr(server_module, "_FORMER_SERVER_SECONDS", 0.1)
    with pytest.raises(DirectoryInUseError, match="kill -INT"):
        start(directory)
    assert processes_of(directory)


def test_data_of_another_version_is_refused(directory: Path) -> None:
    """The message names both versions; left to itself, a start looks for binaries that fit."""
    binaries = find_binaries()
    start(directory, binaries).stop()
    (directory / "data" / "PG_VERSION").write_text("13\n")
    with pytest.raises(DirectoryUnusableError, match=f"made by PostgreSQL 13, and PostgreSQL {binaries.version}"):
        start(directory, binaries)
    with pytest.raises(BinariesNotFoundError, match="No PostgreSQL 13 was found"):
        start(directory)


def test_a_start_takes_the_binaries_that_fit_the_data(each_postgres: PostgresBinaries, directory: Path) -> None:
    """A directory stays usable when a newer PostgreSQL gets installed."""
    start(directory, each_postgres).stop()
    with start(directory) as server:
        assert server.binaries.major == each_postgres.major


def test_something_else_in_the_place_of_the_data_is_not_touched(directory: Path) -> None:
    """A folder named "data" that no initdb made is an error, not a thing to overwrite."""
    (directory / "data").mkdir(parents=True)
    (directory / "data" / "diary.txt").touch()
    with pytest.raises(DirectoryUnusableError, match="not a PostgreSQL data directory"):
        start(directory)
    assert [path.name for path in (directory / "data").iterdir()] == ["diary.txt"]


@pytest.fixture
def slow_binaries(folder: Path) -> PostgresBinaries:
    """A PostgreSQL whose initdb makes something and then never ends."""
    programs = folder / "slow" / "bin"
    programs.mkdir(parents=True)
    (programs / "postgres").symlink_to(find_binaries().bin_directory / "postgres")
    script = '#!/bin/sh\ncase "$*" in *--version*) exit 0;; esac\ntouch "${1#--pgdata=}/begun"\nexec sleep 600\n'
    (programs / "initdb").write_text(script)
    (programs / "initdb").chmod(0o755)
    return find_binaries(programs)


def test_an_interrupted_initdb_leaves_nothing_half_made(
    directory: Path, own: Own, slow_binaries: PostgresBinaries, wait_until: WaitUntil
) -> None:
    """After a kill in the middle of it there is no data directory, no initdb, and the next start makes a whole one."""
    owner = own(directory, slow_binaries.bin_directory, ready=False)
    wait_until(lambda: any(directory.glob("*/begun")) or any(directory.glob(".*/begun")))
    (initdb,) = psutil.Process(owner.pid).children()
    owner.kill()
    wait_until(lambda: not initdb.is_running())
    assert not (directory / "data").exists()
    start(directory).stop()
    assert sorted(path.name for path in directory.iterdir()) == ["data", "server.log", "supervisor.lock"]


def test_a_failed_initdb_says_what_it_said(directory: Path, slow_binaries: PostgresBinaries) -> None:
    """The last lines of a failing program are in the error, and nothing half-made stays."""
    (slow_binaries.bin_directory / "initdb").write_text(
        '#!/bin/sh\ncase "$*" in *--version*) exit 0;; esac\necho "the stars are wrong"\nexit 1\n'
    )
    with pytest.raises(EmbeddedServerError, match="the stars are wrong"):
        start(directory, slow_binaries)
    assert [path.name for path in directory.iterdir()] == ["supervisor.lock"]


def test_a_server_that_does_not_come_up_says_why(directory: Path) -> None:
    """The last lines of the log are in the error, and the directory is free again."""
    start(directory).stop()
    configuration = directory / "data" / "postgresql.conf"
    sound = configuration.read_text()
    configuration.write_text("no_such_setting = 1\n")
    with pytest.raises(EmbeddedServerError, match='unrecognized configuration parameter "no_such_setting"'):
        start(directory)
    configuration.write_text(sound)
    start(directory).stop()


def test_a_start_outside_the_main_thread_is_refused(directory: Path) -> None:
    """The kernel would end the server with the thread, so nothing is even begun."""
    errors: list[EmbeddedServerError] = []

    def attempt() -> None:
        try:
            start(directory)
        except EmbeddedServerError as error:
            errors.append(error)

    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()
    assert "main thread" in str(errors[0])
    assert not directory.exists()


def test_a_start_within_a_running_loop_works(directory: Path) -> None:
    """A service may start its store when its event loop runs already, and create a database from a thread."""

    async def serve() -> None:
        with start(directory) as server:
            await asyncio.to_thread(server.create_database, "portal")

    asyncio.run(serve())


def test_too_little_space_is_told_before_anything_is_made(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says how much there is and how much is needed (a demand no disk meets stands in for a full one)."""
    monkeypatch.setattr(home_module, "FREE_SPACE_FOR_A_NEW_CLUSTER_BYTES", 2**60)
    with pytest.raises(OutOfSpaceError, match=r"has \d+ MB free; PostgreSQL needs 1099511627776 MB"):
        start(directory)
    assert not (directory / "data").exists()


@pytest.fixture
def small_disk(folder: Path) -> Iterator[Callable[[int], Path]]:
    """Mounts a file system of so many megabytes; skips where that is not permitted."""
    mounted: list[Path] = []

    def mount(megabytes: int) -> Path:
        disk = folder / "disk"
        disk.mkdir()
        options = f"size={megabytes}m,mode=755"
        attempt = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", disk], capture_output=True, check=False
        )
        if attempt.returncode != 0:
            pytest.skip("mounting a small tmpfs is not permitted here")
        mounted.append(disk)
        return disk

    yield mount
    for disk in mounted:
        subprocess.run(["umount", disk], check=True)


def test_a_small_disk_is_told_before_anything_is_made(small_disk: Callable[[int], Path]) -> None:
    """A file system of 64 MB holds no store: the 300 MB it takes are named."""
    with pytest.raises(OutOfSpaceError, match=r"has \d\d MB free; PostgreSQL needs 300 MB"):
        start(small_disk(64) / "store")


def test_a_disk_that_fills_up_during_initdb_is_told(
    small_disk: Callable[[int], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others may take the space after we looked: the error is the same kind, and nothing half-made stays."""
    monkeypatch.setattr(home_module, "FREE_SPACE_FOR_A_NEW_CLUSTER_BYTES", 0)
    disk = small_disk(20)
    with pytest.raises(OutOfSpaceError, match="is full"):
        start(disk / "store")
    assert [path.name for path in (disk / "store").iterdir()] == ["supervisor.lock"]


def test_a_disk_that_fills_up_before_a_start_is_told(
    small_disk: Callable[[int], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that can't even write its lock file or its log still ends in a message about space."""
    monkeypatch.setattr(home_module, "FREE_SPACE_FOR_A_NEW_CLUSTER_BYTES", 0)
    disk = small_disk(100)
    start(disk / "store").stop()
    (disk / "store" / "server.log").unlink()  # a new one finds no room for its first line
    with pytest.raises(OSError, match="No space left"):
        (disk / "filler").write_bytes(bytes(100 * 2**20))
    with pytest.raises(OutOfSpaceError, match="MB free; PostgreSQL needs 48 MB"):
        start(disk / "store")
    monkeypatch.setattr(home_module, "FREE_SPACE_FOR_A_START_BYTES", 0)
    with pytest.raises(OutOfSpaceError, match="is full"):
        start(disk / "store")
    (disk / "filler").unlink()
    start(disk / "store").stop()


@only_root
def test_root_runs_the_server_as_an_ordinary_user(directory: Path, processes_of: ProcessesOf) -> None:
    """No process of the server is root's, and its data belongs to the user it runs as."""
    with start(directory):
        users = {process.uids().effective for process in processes_of(directory)}
    assert users == {(directory / "data").stat().st_uid}
    assert 0 not in users


@only_root
def test_root_changes_no_mode_of_a_folder_above(folder: Path) -> None:
    """Folders that were there keep their mode, whatever is made below them; a strict umask does not lock us out."""
    (folder / "above").mkdir(mode=0o711)
    above = [folder / "above", *(folder / "above").parents]
    modes = [path.stat().st_mode for path in above]
    former = os.umask(0o077)
    try:
        start(folder / "above" / "made" / "store").stop()
    finally:
        os.umask(former)
    assert [path.stat().st_mode for path in above] == modes


@only_root
def test_root_learns_which_folder_the_server_can_not_enter(folder: Path) -> None:
    """The first closed folder on the way is named, with what to do, and its mode stays."""
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(DirectoryUnusableError, match=f"may not enter {closed}[.].*chmod o[+]x {closed}$"):
        start(closed / "deeper" / "store")
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


@only_root
def test_root_runs_the_server_as_the_owner_of_its_data(directory: Path, processes_of: ProcessesOf) -> None:
    """A directory that an ordinary user made is served as that user."""
    nobody = 65534
    start(directory).stop()
    for path in [directory / "data", *(directory / "data").rglob("*")]:
        os.chown(path, nobody, nobody)
    with start(directory):
        assert {process.uids().effective for process in processes_of(directory)} == {nobody}
