"""`portalwatch errors` on a real store."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
import yaml
from click.testing import CliRunner
from pydantic import SecretStr

from monitor.cli import portalwatch
from monitor.errors import ConfigurationError
from monitor.tracking.postgres import PostgresErrors
from monitor.tracking.report import ErrorReport, event_of, user_hasher
from tests.monitor.tracking.made import RISING, send_errors
from thresholds.error_class import load_error_classes


@pytest.fixture
def config(store: str, tmp_path: Path) -> Path:
    """A store with errors of the last day."""

    async def fill() -> None:
        async with asyncpg.create_pool(store) as pool:
            await send_errors(PostgresErrors(pool, "default"), datetime.now(UTC))

    asyncio.run(fill())
    path = tmp_path / "portalwatch.yml"
    path.write_text(yaml.safe_dump({"store": {"url": store}, "ingest": {"hash_key": "k" * 16}}))
    return path


def told(config: Path, *words: str) -> str:
    """What a command prints."""
    ended = CliRunner().invoke(portalwatch, ["errors", *words, "--config", str(config)], catch_exceptions=False)
    return ended.output


def test_groups_one_of_them_and_the_hour_are_told(config: Path) -> None:
    """For people and for scripts."""
    assert "PermissionError" in told(config, "list", "--class", "authorization")
    assert "AsyncpgError" in told(config, "list", "--id", "fe_17_2")
    assert "render main.js:1" in told(config, "show", RISING)
    assert "share the id fe_17_2" in told(config, "trends")
    assert json.loads(told(config, "trends", "--format", "json"))["by_class"]["data_validation"] == 1
    with pytest.raises(ConfigurationError, match="there is no error 0"):
        told(config, "show", "0")


def test_a_user_is_erased_and_counted(config: Path, store: str) -> None:
    """One error of theirs, then none."""

    async def add() -> None:
        said = {"error": {"name": "E"}, "context": {"userId": 4711}}
        hasher, classes = user_hasher(SecretStr("k" * 16)), load_error_classes()
        event = event_of(ErrorReport.model_validate(said), datetime.now(UTC), timedelta(0), classes, hasher)
        async with asyncpg.create_pool(store) as pool:
            await PostgresErrors(pool, "default").append([event])

    asyncio.run(add())
    assert told(config, "erase", "--user", "4711") == "1 error erased\n"
    assert told(config, "erase", "--user", "4711") == "0 errors erased\n"
