"""Two plans, told apart in a sentence and line by line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines import PlanShape
from baselines.plan_difference import PlanDifference, plan_difference
from baselines.plan_node import NodeFigures

INDEXED = PlanShape(
    ("Aggregate", "  Index Scan on valuations using by_date (Index Cond: (at > ?))"),
)
SCANNED = PlanShape(("Aggregate", "  Seq Scan on valuations (Filter: (at > ?))"))

LINES = [
    "Aggregate",
    "  Sort",
    "  Seq Scan on a",
    "    Index Scan on a using i",
    "    Hash",
    "Hash Join",
    "  Nested Loop",
]
SHAPES = st.builds(PlanShape, st.lists(st.sampled_from(LINES), min_size=1, max_size=8).map(tuple))


def difference(was: tuple[str, ...], now: tuple[str, ...]) -> PlanDifference:
    """Of two plans that are known to differ."""
    found = plan_difference(PlanShape(was), PlanShape(now))
    assert found is not None
    return found


def test_equal_plans_have_no_difference() -> None:
    """Whatever their figures are: those change daily."""
    figures = [NodeFigures(1, 8), NodeFigures(1, 8)]
    assert plan_difference(INDEXED, INDEXED, figures, ()) is None


def test_a_lost_index_is_told_with_what_is_read_for_want_of_it() -> None:
    """The sentence has the access before and after with the rows read and kept; the lines have both plans."""
    was = [NodeFigures(1, 8.5, 1, 0), NodeFigures(12, 8.4, 12, 0)]
    now = [NodeFigures(1, 4310, 1, 0), NodeFigures(14, 4309.8, 12, 239_988)]
    found = plan_difference(INDEXED, SCANNED, was, now)
    assert found is not None
    assert found.sentence == "Index Scan on valuations using by_date became a Seq Scan: 240,000 rows read to keep 12"
    assert found.lines == [
        "  Aggregate  [1 row expected, 1 met, cost 8.5 → 1 row expected, 1 met, cost 4,310.0]",
        "-   Index Scan on valuations using by_date (Index Cond: (at > ?))  [12 rows expected, 12 met, cost 8.4]",
        "+   Seq Scan on valuations (Filter: (at > ?))  [14 rows expected, 12 met, 239,988 left out, cost 4,309.8]",
    ]


def test_plans_without_figures_are_told_by_their_nodes() -> None:
    """As captures have them that are older than figures, and where one side is."""
    sentence = "Index Scan on valuations using by_date became a Seq Scan"
    found = difference(INDEXED.nodes, SCANNED.nodes)
    assert found.sentence == sentence
    assert [line[0] for line in found.lines] == [" ", "-", "+"]
    one_side = plan_difference(INDEXED, SCANNED, (), [NodeFigures(1, 8), NodeFigures(1, 7)])
    assert one_side is not None
    assert one_side.sentence == sentence


@pytest.mark.parametrize(
    ("was", "now", "evidence"),
    [
        (NodeFigures(12, 8.4), NodeFigures(14, 4310), ": cost 8.4 → 4,310.0"),
        (NodeFigures(12, 8.4, 12, 0), NodeFigures(14, 4310, 5000, 0), ": 14 rows expected, 5,000 met"),
        (NodeFigures(12, 8.4, 12, 0), NodeFigures(14, 4310, 14, 0), ": cost 8.4 → 4,310.0"),
    ],
)
def test_the_most_telling_figures_are_told(was: NodeFigures, now: NodeFigures, evidence: str) -> None:
    """Rows expected and met where the planner was wrong, else the costs."""
    found = plan_difference(PlanShape(INDEXED.nodes[1:]), PlanShape(SCANNED.nodes[1:]), [was], [now])
    assert found is not None
    assert found.sentence.endswith("became a Seq Scan" + evidence)


def test_the_dearest_access_is_told_first_and_the_rest_is_counted() -> None:
    """A table of many partitions does not fill a page."""
    names = [f"valuations_{year}" for year in range(2020, 2026)]
    was = PlanShape(("Append", *(f"  Index Scan on {name} using {name}_at" for name in names)))
    now = PlanShape(("Append", *(f"  Seq Scan on {name}" for name in names)))
    figures = [NodeFigures(1, 1, 1, 1), *(NodeFigures(1, 1, 1, 10 * year) for year in range(6))]
    found = plan_difference(was, now, (), figures)
    assert found is not None
    assert found.sentence == (
        "Index Scan on valuations_2025 using valuations_2025_at became a Seq Scan: 51 rows read to keep 1; "
        "Index Scan on valuations_2024 using valuations_2024_at became a Seq Scan: 41 rows read to keep 1; "
        "Index Scan on valuations_2023 using valuations_2023_at became a Seq Scan: 31 rows read to keep 1; "
        "3 more changes"
    )


@pytest.mark.parametrize(
    ("was", "now", "sentence"),
    [
        (
            ("Bitmap Heap Scan on t (Recheck Cond: (a = ?))", "  Bitmap Index Scan using i (Index Cond: (a = ?))"),
            ("Seq Scan on t (Filter: (a = ?))",),
            "Bitmap Heap Scan on t became a Seq Scan; Bitmap Index Scan using i is gone",
        ),
        (
            ("Index Scan on t using i",),
            ("Index Scan on t using j",),
            "Index Scan on t using i became an Index Scan using j",
        ),
        (
            ("Index Scan on t using i (Index Cond: ((a = ?) AND (b = ?)))",),
            ("Index Scan on t using i (Index Cond: (a = ?)) (Filter: (b = ?))",),
            "Index Scan on t using i by other conditions: "
            "Index Cond ((a = ?) AND (b = ?)) → Index Cond (a = ?), Filter (b = ?)",
        ),
        (
            ("Nested Loop", "  Seq Scan on a", "  Index Scan on b using b_pkey"),
            ("Hash Join", "  Seq Scan on a", "  Hash", "    Seq Scan on b"),
            "Index Scan on b using b_pkey became a Seq Scan; Nested Loop became a Hash Join",
        ),
        (
            ("Nested Loop", "  Seq Scan on a", "  Seq Scan on b"),
            ("Nested Loop", "  Seq Scan on b", "  Seq Scan on a"),
            "the tables are read in another order: a, b → b, a",
        ),
        (("Seq Scan on a",), ("Sort", "  Seq Scan on a"), "Sort is new"),
        (("Append", "  Seq Scan on a", "  Seq Scan on b"), ("Seq Scan on a",), "Append is gone; Seq Scan on b is gone"),
        (("Sort", "  Seq Scan on a"), ("Sort", "Seq Scan on a"), "the same steps, nested otherwise"),
    ],
)
def test_a_sentence_says_what_happened(was: tuple[str, ...], now: tuple[str, ...], sentence: str) -> None:
    """Accesses first, then joins, the order of the tables, and what else came or went."""
    assert difference(was, now).sentence == sentence


def test_a_subtree_that_moved_deeper_is_kept() -> None:
    """A node that came above does not make those below it new."""
    found = difference(("Seq Scan on a",), ("Gather", "  Seq Scan on a"))
    assert found.lines == ["+ Gather", "    Seq Scan on a"]
    assert [after.node.kind for _, after in found.kept] == ["Seq Scan"]


@given(SHAPES, SHAPES)
def test_both_plans_can_be_read_from_their_difference(was: PlanShape, now: PlanShape) -> None:
    """No node is lost, none is told twice, in the order of each plan; and there is always a sentence."""
    found = plan_difference(was, now)
    if found is None:
        assert was == now
        return
    before = [str(step.before.node) for step in found.steps if step.before]
    after = [str(step.after.node) for step in found.steps if step.after]
    assert (before, after) == (list(was.nodes), list(now.nodes))
    assert found.sentence


def test_figures_that_belong_to_another_plan_are_refused() -> None:
    """One a node, or none."""
    with pytest.raises(ValueError, match="argument"):
        plan_difference(INDEXED, SCANNED, [NodeFigures(1, 1)], ())
