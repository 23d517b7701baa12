"""What EXPLAIN tells, read."""

from typing import Any

import pytest

from probes.database.plan import Execution, relations_of, shape_of


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
