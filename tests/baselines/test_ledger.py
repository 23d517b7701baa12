"""What a change says in one sentence, and how it is found."""

import pytest

from baselines.ledger import Change, LedgerEntry, Section, plan_entry
from tests.clocks import START


def change(section: Section, item: str, before: str | None, after: str | None) -> Change:
    """One of now."""
    return Change(source="db", section=section, item=item, before=before, after=after, at=START)


@pytest.mark.parametrize(
    ("one", "sentence"),
    [
        (change(Section.SETTINGS, "setting work_mem", "4MB", "64kB"), "setting work_mem 4MB → 64kB"),
        (change(Section.SETTINGS, "setting search_path", "", "app"), "setting search_path '' → app"),
        (change(Section.INDEXES, "index i on t", "btree (a)", None), "index i on t is gone"),
        (change(Section.INDEXES, "index i on t", None, "btree (a)"), "index i on t is new"),
        (change(Section.INDEXES, "index i on t", None, "invalid"), "index i on t is invalid"),
        (change(Section.INDEXES, "index i on t", "invalid", "btree (a)"), "index i on t is no longer invalid"),
        (change(Section.TRIGGERS, "trigger r on t", "BEFORE …", "disabled"), "trigger r on t is disabled"),
        (change(Section.FUNCTIONS, "function f()", "#1a", "#2b"), "function f() has changed"),
        (change(Section.TABLES, "table t", "a int\nb int", "a int\nb bigint"), "table t: b int → b bigint"),
        (change(Section.TABLES, "table t", "a int", "a int\nb int"), "table t: b int is new"),
        (change(Section.TABLES, "table t", "a int\nb int", "a int"), "table t: b int is gone"),
        (
            change(Section.PLANS, "plan of q.a", "Sort\n  Seq Scan", "Sort\n  Index Scan"),
            "plan of q.a: Seq Scan → Index Scan",
        ),
        (
            change(Section.STATISTICS, "analyze of t", None, "2026-03-02 09:00 UTC"),
            "analyze of t: 2026-03-02 09:00 UTC",
        ),
        (change(Section.PLANS, "plan of q.a", "Seq Scan", "Index Scan"), "plan of q.a: Seq Scan → Index Scan"),
        (change(Section.RELEASE, "release", "v41", "v42"), "release v41 → v42"),
    ],
)
def test_a_change_is_one_sentence(one: Change, sentence: str) -> None:
    """For people, without anything they need not see."""
    assert one.sentence == sentence


def test_a_long_value_is_cut() -> None:
    """The sentence stays readable however long a definition is."""
    one = change(Section.CONSTRAINTS, "constraint c on t", "a" * 1000, "b" * 1000)
    assert len(one.sentence) < 400
    assert "…" in one.sentence


def test_a_plan_with_another_order_of_nodes_has_changed() -> None:
    """The same nodes, joined the other way round."""
    before, after = (
        plan_entry("q.a", ("Join", "  Scan x", "  Scan y"), START),
        plan_entry("q.a", ("Join", "  Scan y", "  Scan x"), START),
    )
    (one,) = after.changes_since(before.facts)
    assert one.sentence == "plan of q.a has changed"


def test_the_difference_names_what_went_what_came_and_what_changed() -> None:
    """In the order of the items; what stayed is no change, and equal facts have one digest in any order."""
    entry = LedgerEntry(source="db", section=Section.SETTINGS, at=START, facts={"c": "3", "a": "1", "b": "2"})
    changes = entry.changes_since({"a": "1", "b": "0", "d": "4"})
    assert [(one.item, one.before, one.after) for one in changes] == [
        ("b", "0", "2"),
        ("c", None, "3"),
        ("d", "4", None),
    ]
    again = LedgerEntry(source="db", section=Section.SETTINGS, at=START, facts={"b": "2", "c": "3", "a": "1"})
    assert entry.digest == again.digest
