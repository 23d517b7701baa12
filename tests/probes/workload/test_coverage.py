"""Which statements a probe stands for."""

import pytest

from probes.workload.coverage import SqlIdentity, cover_statements
from probes.workload.sql_text import normal_form
from probes.workload.statement import Statement, Workload

BY_ID = Statement(1, "SELECT a FROM t WHERE id = $1", 10, 6.0)
BY_TEXT = Statement(2, "SELECT b FROM t WHERE id = $1", 10, 2.0)
WRITE = Statement(3, "INSERT INTO t VALUES ($1)", 10, 1.0)


def test_a_probe_stands_for_a_statement_by_id_or_by_form() -> None:
    """By the server's id whatever the text; by its form where the portal writes values into the text."""
    workload = Workload([BY_ID, BY_TEXT, WRITE], own_seconds=0.05, hidden_seconds=1.0)
    coverage = cover_statements(
        workload,
        {
            "by_id": SqlIdentity(1, "another text"),
            "by_text": SqlIdentity(99, normal_form("SELECT b FROM t WHERE id = $1::text::int")),
            "by_id_too": SqlIdentity(1, "another text"),
            "unknown": SqlIdentity(None, "a third text"),
        },
    )
    assert coverage.share == pytest.approx(0.8)
    assert [coverage.share_of(name) for name in coverage.by_probe] == pytest.approx([0.6, 0.2, 0.6, 0.0])
    assert coverage.uncovered == [WRITE]
    assert workload.own_share == pytest.approx(0.05 / 10.05)


def test_a_database_at_rest_has_no_shares() -> None:
    """Nothing of nothing is nothing, and no division by zero."""
    coverage = cover_statements(Workload([], own_seconds=0.0, hidden_seconds=0.0), {"one": SqlIdentity(1, "")})
    assert (coverage.share, coverage.share_of("one"), coverage.workload.own_share) == (0.0, 0.0, 0.0)
