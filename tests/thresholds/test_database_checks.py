"""What is said of indexes, tables, constraints and triggers."""

from typing import Any

import pytest

from baselines.database_state import (
    DisabledTrigger,
    IndexState,
    IndexUse,
    Integrity,
    TableReads,
    UnprovedConstraint,
)
from thresholds import CheckLine, load_database_checks

RULES = load_database_checks()
LARGE, SMALL = 20_000_000, 8_192


def index(name: str = "i", definition: str = "btree|1", **other: object) -> IndexState:
    """A small index in use."""
    known = {"scans": 5, "size_bytes": SMALL, "valid": True, "needed": False}
    return IndexState(table="t", name=name, definition=definition, **{**known, **other})  # type: ignore[arg-type]


def said(
    *indexes: IndexState, tables: tuple[TableReads, ...] = (), observed: float | None = None
) -> dict[str, CheckLine]:
    """The first line of each component."""
    lines = RULES.of_indexes("db", IndexUse(indexes=indexes, tables=tables, observed_seconds=observed))
    return {one.component: one for one in reversed(lines)}


@pytest.mark.parametrize(
    ("other", "status"),
    [
        ({"scans": 0, "size_bytes": LARGE}, "WARNING"),
        ({"scans": 1, "size_bytes": LARGE}, "PASS"),
        ({"scans": 0, "size_bytes": SMALL}, "PASS"),
        ({"scans": 0, "size_bytes": LARGE, "needed": True}, "PASS"),
    ],
)
def test_an_unused_index_is_one_that_costs_and_holds_nothing(other: dict[str, Any], status: str) -> None:
    """Large, never read, and no constraint's."""
    assert said(index(**other))["unused indexes"].status == status


@pytest.mark.parametrize(("observed", "status"), [(3600.0, "WARNING"), (90_000.0, "PASS"), (None, "PASS")])
def test_young_counters_judge_no_index(observed: float | None, status: str) -> None:
    """An hour after they were set back nothing was read yet; that is said, and no PASS."""
    assert said(index(), observed=observed)["unused indexes"].status == status


def test_an_invalid_index_fails() -> None:
    """It is kept up and never read."""
    assert said(index(valid=False))["invalid indexes"].status == "FAIL"
    assert said(index())["invalid indexes"].status == "PASS"


def test_of_two_alike_the_one_without_a_constraint_could_go() -> None:
    """Named with the one that stays; others of the table are left alone."""
    found = said(index("a"), index("z_key", needed=True), index("other", "btree|2"))["duplicate indexes"]
    assert (found.status, found.name, found.detail) == ("WARNING", "db.t.a", "the same as z_key")
    assert said(index("a"), index("b", "btree|2"))["duplicate indexes"].status == "PASS"


@pytest.mark.parametrize(
    ("sequential", "by_index", "size", "status"),
    [(90, 10, LARGE, "WARNING"), (50, 50, LARGE, "PASS"), (90, 10, SMALL, "PASS"), (5, 1, LARGE, "PASS")],
)
def test_a_large_table_is_read_by_its_indexes(sequential: int, by_index: int, size: int, status: str) -> None:
    """Mostly, and only where it was read often enough to say so."""
    reads = TableReads(name="t", sequential=sequential, by_index=by_index, size_bytes=size)
    assert said(tables=(reads,))["sequential scans"].status == status


def test_what_is_beyond_the_most_lines_is_counted() -> None:
    """A page of 500 lines would be read by nobody."""
    lines = RULES.of_indexes(
        "db",
        IndexUse(indexes=[index(f"i{n}", f"{n}", valid=False) for n in range(50)], tables=(), observed_seconds=None),
    )
    invalid = [one.detail for one in lines if one.component == "invalid indexes"]
    assert (len(invalid), invalid[-1]) == (21, "and 30 more")


def of_constraints(*unproved: UnprovedConstraint, disabled: tuple[DisabledTrigger, ...] = ()) -> dict[str, str]:
    """Status by component."""
    lines = RULES.of_constraints("db", Integrity(constraints=9, unproved=unproved, disabled=disabled))
    return {one.component: one.status for one in lines}


@pytest.mark.parametrize(
    ("orphans", "status"), [(0, "PASS"), (3, "FAIL"), (None, "WARNING")], ids=["none", "some", "unknown"]
)
def test_orphans_fail_and_what_was_not_counted_warns(orphans: int | None, status: str) -> None:
    """A NOT VALID constraint itself is a warning."""
    found = of_constraints(UnprovedConstraint(table="t", name="c", foreign_key=True, orphans=orphans, why="busy"))
    assert (found["orphans"], found["not validated constraints"]) == (status, "WARNING")


def test_a_trigger_that_keeps_a_foreign_key_fails_where_it_is_off() -> None:
    """One by itself warns; where all are on, and all is validated, everything passes."""
    of_key, own = (DisabledTrigger(table="t", name="x", constraint=one) for one in ("the foreign key x", ""))
    assert of_constraints(disabled=(of_key,))["disabled triggers"] == "FAIL"
    assert of_constraints(disabled=(own,))["disabled triggers"] == "WARNING"
    assert set(of_constraints().values()) == {"PASS"}
