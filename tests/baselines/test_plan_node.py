"""A node of a plan as text and back."""

from hypothesis import given
from hypothesis import strategies as st

from baselines.plan_node import CONDITIONS, NodeFigures, PlanNode

NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True)
NODES = st.builds(
    PlanNode,
    kind=st.sampled_from(["Seq Scan", "Index Only Scan", "Bitmap Heap Scan", "Nested Loop Left", "Aggregate"]),
    depth=st.integers(0, 5),
    relation=st.none() | NAMES,
    index=st.none() | NAMES,
    conditions=st.lists(
        st.tuples(
            st.sampled_from(CONDITIONS), st.sampled_from(["(id = ?)", "((a.on = ?) AND (b.using > now()))", "(x)"])
        ),
        max_size=3,
        unique_by=lambda condition: condition[0],
    ).map(tuple),
)


@given(NODES)
def test_a_node_is_read_from_the_line_that_was_written(node: PlanNode) -> None:
    """Place, kind, table, index and every condition come back, also where a condition has words of the notation."""
    assert PlanNode.read(str(node)) == node


def test_a_line_from_before_has_its_parts() -> None:
    """What older captures keep is read as it stands."""
    node = PlanNode.read("    Index Scan on valuations using by_date (Index Cond: (at > ?)) (Filter: (NOT closed))")
    assert (node.depth, node.kind, node.relation, node.index) == (2, "Index Scan", "valuations", "by_date")
    assert node.conditions == (("Index Cond", "(at > ?)"), ("Filter", "(NOT closed)"))


def test_figures_are_told_as_far_as_they_are_known() -> None:
    """Without an execution there is an expectation and a cost; what was left out is told where there is any."""
    assert str(NodeFigures(1, 8.44)) == "1 row expected, cost 8.4"
    assert str(NodeFigures(12, 4310, 9, 240_000)) == "12 rows expected, 9 met, 240,000 left out, cost 4,310.0"
    assert str(NodeFigures(12, 4310, 0, 0)) == "12 rows expected, 0 met, cost 4,310.0"


def test_an_estimate_is_too_low_from_ten_times_on() -> None:
    """None expected is as one; fewer than expected, and what was not carried out, are no mistake of the planner."""
    assert NodeFigures(10, 1, 100, 0).is_underestimated
    assert NodeFigures(0, 1, 10, 0).is_underestimated
    assert not NodeFigures(10, 1, 99, 0).is_underestimated
    assert not NodeFigures(0, 1, 9, 0).is_underestimated
    assert not NodeFigures(100, 1, 1, 0).is_underestimated
    assert not NodeFigures(1000, 1).is_underestimated
