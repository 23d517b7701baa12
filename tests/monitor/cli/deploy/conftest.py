"""A small house to deploy in: one table, one query that times it, and a plan of two phases."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import yaml

from tests.monitor.cli.commands import Answer, configuration, portalwatch, sql_probes

PLAN: dict[str, Any] = {
    "title": "a small one",
    "capture": {"sessions": 2, "samples": 5, "spacing": "burst"},
    "gate": ["integrity", "limits"],
    "integrity": {"rows": ["things"]},
    "phases": {
        "copy": {"title": "rows are copied", "expected": "10 min", "users": 0},
        "verify": {"title": "it is looked at", "expected": "10 min"},
    },
}


@dataclass(frozen=True, slots=True)
class House:
    """Where it all is."""

    directory: Path
    database: str
    configuration: Path

    def __call__(self, *arguments: object) -> Answer:
        """A command of `deploy`."""
        return portalwatch("deploy", *arguments, "--config", self.configuration)

    def well(self, *arguments: object) -> Answer:
        """One that must end with 0."""
        answer = self(*arguments)
        assert answer.code == 0, (arguments, answer.out, answer.err)
        return answer

    def plan(self, **changes: Any) -> Path:
        """The plan, written down."""
        path = self.directory / "plan.yml"
        path.write_text(yaml.safe_dump({**PLAN, **changes}, sort_keys=False), encoding="utf-8")
        return path

    def start(self, **changes: Any) -> Answer:
        """Open a deployment under that plan."""
        return self.well("start", "v42", "--plan", self.plan(**changes), "--by", "lea")

    def execute(self, statement: str) -> None:
        """What happens to the database."""

        async def act() -> None:
            connection = await asyncpg.connect(self.database)
            try:
                await connection.execute(statement)
            finally:
                await connection.close()

        asyncio.run(act())

    def status(self) -> dict[str, Any]:
        """What scripts read."""
        document: dict[str, Any] = self("status", "--format", "json").json()
        return document


@pytest.fixture
def house(store: str, empty_database: str, tmp_path: Path) -> House:
    """Nothing is deployed yet."""
    made = House(
        tmp_path, empty_database, configuration(tmp_path, store, **sql_probes(empty_database, look="SELECT 1"))
    )
    made.execute("CREATE TABLE things AS SELECT generate_series(1, 50) AS id")
    return made
