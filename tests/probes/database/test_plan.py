"""What EXPLAIN tells, read."""

import re
from typing import Any

import pytest

from baselines import Inspection
from baselines.plan_difference import PlanDifference, plan_difference
from baselines.plan_node import NodeFigures
from probes import ProbeSet
from probes.database.plan import Execution, cost_of, figures_of, relations_of, shape_of
from tests.probes.database.watched_database import probe_database

VALUATIONS = """
CREATE TABLE valuations (id int, at date);
INSERT INTO valuations SELECT n, date '2020-01-01' + n / 10 FROM generate_series(1, 20000) n;
CREATE INDEX valuations_at ON valuations (at);
ANALYZE valuations
"""
OF_A_DAY = {"query": "SELECT max(id) FROM valuations WHERE at = $1::text::date", "arguments": [["2021-05-05"]]}


def scan(condition: str, **more: Any) -> dict[str, Any]:
    """A document with one node."""
    return {"Plan": {"Node Type": "Seq Scan", "Relation Name": "clients", "Schema": "app", "Filter": condition, **more}}


@pytest.mark.parametrize(
    ("custom", "generic", "shown"),
    [
        ("(clients.id = 17)", "(clients.id = $1)", "(clients.id = ?)"),
        ("(clients.id = '-17'::integer)", "(clients.id = $1)", "(clients.id = ?)"),
        ("(clients.level2 > 1.5)", "(clients.level2 > $2)", "(clients.level2 > ?)"),
        ("(clients.name = 'O''Hara (17)'::text)", "(clients.name = $1)", "(clients.name = ?)"),
        (
            "((clients.at > '2026-01-01 00:00:00'::timestamp without time zone) AND (clients.at < now()))",
            "((clients.at > $1) AND (clients.at < now()))",
            "((clients.at > ?) AND (clients.at < now()))",
        ),
        ("((clients.name)::text = ANY ('{a,b}'::text[]))", "((clients.name)::text = ANY ($1))", None),
        ("(clients.code = 'x'::character varying(12))", "(clients.code = $1)", "(clients.code = ?)"),
    ],
)
def test_a_custom_and_a_generic_plan_that_do_the_same_are_alike(custom: str, generic: str, shown: str | None) -> None:
    """Arguments and parameters are one sign, with the casts that belong to them; names with digits stay."""
    assert shape_of(scan(custom)) == shape_of(scan(generic))
    assert shown is None or shape_of(scan(custom)).nodes == (f"Seq Scan on clients (Filter: {shown})",)


def test_the_tables_of_a_plan_are_found_at_any_depth() -> None:
    """Schema and name of each table once; nodes without a table have none."""
    join = {"Plan": {"Node Type": "Hash Join", "Plans": [scan("true")["Plan"], scan("false")["Plan"]]}}
    assert relations_of(join) == {("app", "clients")}


@pytest.mark.parametrize(("hit", "read", "ratio"), [(3, 1, 0.75), (0, 0, None)])
def test_an_execution_is_read_in_base_units(hit: int, read: int, ratio: float | None) -> None:
    """Milliseconds become seconds; a plan that touched no page has no ratio."""
    figures = {"Actual Rows": 5.0, "Actual Loops": 1, "Shared Hit Blocks": hit, "Shared Read Blocks": read}
    assert Execution.of({**scan("true", **figures), "Execution Time": 2.5}) == Execution(0.0025, 5, ratio)


def test_figures_are_of_all_loops_together() -> None:
    """EXPLAIN gives means of the loops; a plan that was not carried out has met nothing."""
    planned = {"Plan Rows": 4, "Total Cost": 8.5}
    met = {**planned, "Actual Rows": 2.5, "Actual Loops": 4, "Rows Removed by Filter": 10}
    assert figures_of(scan("true", **planned)) == (NodeFigures(4, 8.5),)
    assert figures_of(scan("true", **met)) == (NodeFigures(16, 8.5, 10, 40),)
    assert cost_of(scan("true", **planned)) == 8.5


def changed(database: str, setup: str, entry: dict[str, Any], change: str) -> PlanDifference:
    """What a real plan does otherwise after a change."""

    async def use(probes: ProbeSet, administrator: Any) -> tuple[Inspection | None, Inspection | None]:
        await administrator.execute(setup)
        before = await probes.inspect("probe")
        await administrator.execute(change)
        return before, await probes.inspect("probe")

    before, after = probe_database(database, {"probe": entry}, use, populate=False)
    found = plan_difference(before.plan, after.plan, before.figures, after.figures)
    assert found is not None
    return found


def test_an_index_that_is_dropped_is_told_with_the_rows_read_for_want_of_it(empty_database: str) -> None:
    """A real plan before and after: a sentence with rows read and kept, and both plans with rows expected and met."""
    found = changed(empty_database, VALUATIONS, OF_A_DAY, "DROP INDEX valuations_at")
    access = "Index Scan on valuations using valuations_at"
    assert found.sentence == f"{access} became a Seq Scan: 20,000 rows read to keep 10"
    above, gone, come = found.lines
    assert above.startswith("  Aggregate  [1 row expected, 1 met, cost ")
    assert gone.startswith(f"-   {access} (Index Cond: (valuations.at = (?)::date))  [10 rows expected, 10 met, cost ")
    assert come.startswith("+   Seq Scan on valuations (Filter: (valuations.at = (?)::date))  [")
    assert " rows expected, 10 met, 19,990 left out, cost " in come


def test_statistics_that_are_too_old_are_told_by_rows_expected_and_met(empty_database: str) -> None:
    """The planner believed in a few rows, and its plan met all of them."""
    setup = "CREATE TABLE valuations (id int, at date) WITH (autovacuum_enabled = off);" + VALUATIONS.partition(";")[2]
    change = "UPDATE valuations SET at = '2021-05-05'; DROP INDEX valuations_at"
    found = changed(empty_database, setup, OF_A_DAY, change)
    assert re.search(r" became a Seq Scan: \d{1,3} rows expected, 20,000 met$", found.sentence)


def test_another_order_of_joins_is_told(empty_database: str) -> None:
    """The smaller table is hashed: with the sizes exchanged each takes the other's place."""
    sizes = """
    INSERT INTO clients SELECT generate_series(1, {}); INSERT INTO portfolios SELECT generate_series(1, {});
    ANALYZE clients, portfolios
    """
    setup = "CREATE TABLE clients (id int); CREATE TABLE portfolios (client int);" + sizes.format(10, 20000)
    change = "TRUNCATE clients, portfolios;" + sizes.format(20000, 10)
    entry = {"query": "SELECT count(*) FROM clients JOIN portfolios ON portfolios.client = clients.id"}
    found = changed(empty_database, setup, entry, change)
    assert found.sentence == "the tables are read in another order: portfolios, clients → clients, portfolios"
    assert "+     Hash  [10 rows expected, 10 met, cost " in "\n".join(found.lines)
