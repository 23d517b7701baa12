"""Where the store is: the user's URL, or a server of our own for as long as it is needed."""

import asyncio
import os
from pathlib import Path

import asyncpg
import pytest
from pydantic import SecretStr

from monitor.errors import CannotRunError
from monitor.settings import StoreSettings
from monitor.store import DATABASE, data_directory, store_dsn


def answers(dsn: str) -> str:
    """The name of the database behind a DSN."""

    async def ask() -> str:
        connection = await asyncpg.connect(dsn)
        name: str = await connection.fetchval("SELECT current_database()")
        await connection.close()
        return name

    return asyncio.run(ask())


def test_a_url_is_the_store(tmp_path: Path) -> None:
    """It is handed out as it is, and nothing is started or written."""
    settings = StoreSettings(url=SecretStr("postgresql://u:p@h/x"), directory=tmp_path / "data")
    with store_dsn(settings) as dsn:
        assert dsn == "postgresql://u:p@h/x"
    assert not (tmp_path / "data").exists()


def test_without_a_url_a_server_runs_as_long_as_it_is_needed(reachable_directory: Path) -> None:
    """Its database is there; a second user shares it or is told that it is in use; afterwards nobody answers."""
    settings = StoreSettings(url=None, directory=reachable_directory / "located")
    with store_dsn(settings) as dsn:
        assert answers(dsn) == DATABASE
        with store_dsn(settings, shared=True) as shared:
            assert answers(shared) == DATABASE
        assert answers(dsn) == DATABASE
        with pytest.raises(CannotRunError, match="located"), store_dsn(settings):
            pass
    with pytest.raises(OSError):  # noqa: PT011 - refused or gone, as the system says it
        answers(dsn)


def test_a_directory_that_can_not_be_one_is_told(tmp_path: Path) -> None:
    """A file stands in its place: the message names it."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(CannotRunError, match="file"), store_dsn(StoreSettings(url=None, directory=tmp_path / "file")):
        pass


def test_the_data_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was configured; else the system's for root, and the user's own for anybody else."""
    assert data_directory(StoreSettings(url=None, directory=tmp_path)) == tmp_path
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert data_directory(StoreSettings()) == Path("/var/lib/portalwatch")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert data_directory(StoreSettings()) == tmp_path / "portalwatch"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert data_directory(StoreSettings()) == tmp_path / ".local" / "share" / "portalwatch"
