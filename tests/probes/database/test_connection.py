"""How a connection to a watched database begins: what stands between is noticed."""

import asyncio
from pathlib import Path

import pytest

from baselines.measurement import Outcome, Reason
from probes import PostgresTarget, ProbeFailed
from probes.database.role import role_at
from tests.probes.pooler import pooled
from tests.probes.watched import look, watched, with_probes


@pytest.mark.parametrize("ignored", [False, True], ids=["refuses our settings", "loses our settings"])
def test_a_pooler_is_named(ignored: bool, empty_database: str, reachable_directory: Path) -> None:
    """A real PgBouncer in transaction mode: neither a probe nor the check of the configuration works through it."""
    with pooled(empty_database, reachable_directory, ignored=ignored) as dsn:
        configuration = watched(
            {"db": {"kind": "postgresql", "url": dsn}},
            {"probe": {"kind": "sql", "target": "db", "category": "database_queries", "query": "SELECT 1"}},
        )
        measured = asyncio.run(with_probes(configuration, look))
        with pytest.raises(ProbeFailed, match="a connection pooler"):
            asyncio.run(role_at(PostgresTarget.model_validate({"kind": "postgresql", "url": dsn})))
    assert (measured.outcome, measured.reason) == (Outcome.ERROR, Reason.PROTOCOL)
    assert "a connection pooler (PgBouncer or the like) stands between" in measured.detail
