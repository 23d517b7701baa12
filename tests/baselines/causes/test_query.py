"""Causes in how the server carries out a query."""

import pytest

from baselines import ExplanationKind, Inspection, PlanShape, Section
from baselines.causes.query import (
    index_lost,
    plan_changed,
    question_changed,
    rows_grown,
    setting_changed,
    statistics_stale,
)
from baselines.evidence import Evidence, Origin
from baselines.plan_node import NodeFigures
from tests.baselines.causes.made import DATABASE, INDEX, SCAN, change, looked, side, sides, slower, table
from tests.clocks import START

ITEM = "index orders_by_day on orders"
DEFINITION = "btree (day)"


@pytest.mark.parametrize(
    ("after", "kind"), [(None, ExplanationKind.INDEX_GONE), ("invalid", ExplanationKind.INDEX_INVALID)]
)
def test_an_index_that_the_plan_went_by_is_missed(after: str | None, kind: ExplanationKind) -> None:
    """Gone or invalid, it is named with its definition and what an execution took."""
    was, is_now = Inspection(plan=INDEX, server_seconds=0.01), Inspection(plan=SCAN, server_seconds=0.09)
    lost = change(Section.INDEXES, ITEM, DEFINITION, after)
    found = index_lost(sides(looked(was), looked(is_now), changes=[lost]))
    assert found is not None
    assert found.kind is kind
    assert found.summary.startswith(lost.sentence)
    assert found.figures == {"server_seconds_before": 0.01, "server_seconds_after": 0.09}
    assert found.details == [f"{ITEM}: {DEFINITION}"]


@pytest.mark.parametrize(
    "item", ["index reporting.orders_by_day on reporting.orders", 'index "orders_by_day" on orders']
)
def test_an_index_is_known_by_its_bare_name(item: str) -> None:
    """The ledger writes schema and quotes where they are needed, and a plan never."""
    assert index_lost(sides(side(plan=INDEX), side(plan=SCAN), changes=[change(Section.INDEXES, item, "x", None)]))


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param([change(Section.INDEXES, "index orders_by_name on orders", "x", None)], id="another index"),
        pytest.param([change(Section.INDEXES, ITEM, DEFINITION, None, source="other")], id="another database"),
        pytest.param([change(Section.INDEXES, ITEM, DEFINITION, "unique btree (day)")], id="made anew"),
        pytest.param(
            [
                change(Section.INDEXES, ITEM, DEFINITION, None),
                change(Section.INDEXES, "index orders_day on orders", None, DEFINITION),
            ],
            id="renamed",
        ),
    ],
)
def test_an_index_that_is_not_missed_is_no_cause(changes: list[object]) -> None:
    """The plan did not go by it, it is another database's, or it is there under another name."""
    assert index_lost(sides(looked(Inspection(plan=INDEX)), looked(Inspection(plan=SCAN)), changes=changes)) is None  # type: ignore[arg-type]


def test_an_index_that_the_plan_still_goes_by_is_no_cause() -> None:
    """One of that name in another schema may be gone."""
    both = looked(Inspection(plan=INDEX))
    assert index_lost(sides(both, both, changes=[change(Section.INDEXES, ITEM, "x", None)])) is None


def test_a_setting_is_told_before_and_after() -> None:
    """As the ledger has it, with the value that was the default; the executor's under an unchanged plan too."""
    was, is_now = Inspection(plan=SCAN), Inspection(plan=SCAN, settings={"work_mem": "64kB"})
    found = setting_changed(
        sides(looked(was), looked(is_now), changes=[change(Section.SETTINGS, "setting work_mem", "4MB", "64kB")])
    )
    assert found is not None
    assert found.summary == "the setting changed: work_mem 4MB → 64kB"


def test_a_setting_of_our_role_is_seen_by_the_plan_alone() -> None:
    """The ledger has it under another item; what holds for our connection is what the planner says."""
    was, is_now = Inspection(plan=SCAN), Inspection(plan=SCAN, settings={"jit": "on"})
    found = setting_changed(sides(looked(was), looked(is_now)))
    assert found is not None
    assert found.summary == "the setting changed: jit the default → on"


@pytest.mark.parametrize(
    ("name", "after", "told"),
    [
        ("random_page_cost", INDEX, False),
        ("random_page_cost", SCAN, True),
        ("log_min_duration_statement", SCAN, False),
        ("work_mem of role reporting", SCAN, False),
    ],
)
def test_only_a_setting_that_can_matter_is_a_cause(name: str, after: PlanShape, told: bool) -> None:
    """The planner's needs another plan; logging needs nothing; another role's is not ours."""
    changed = change(Section.SETTINGS, f"setting {name}", "1", "2")
    found = setting_changed(sides(looked(Inspection(plan=INDEX)), looked(Inspection(plan=after)), changes=[changed]))
    assert (found is not None) is told


def test_an_endpoint_has_no_settings() -> None:
    """Nobody knows whether its request meets the database at all."""
    changed = change(Section.SETTINGS, "setting work_mem", "4MB", "64kB")
    assert setting_changed(sides(side(), side(), changes=[changed])) is None


@pytest.mark.parametrize(
    ("before", "after", "analyzed", "why"),
    [
        (table(1000), table(1000, without_statistics=2), True, "has none for 2 of its columns"),
        (table(1000), table(9000, changed=8000), True, "has 8,000 of 9,000 rows changed since it was analysed"),
        (table(1000), table(9000, changed=8000), False, "was never analysed"),
        ({}, table(9000, changed=8000), True, "has 8,000 of 9,000 rows changed since it was analysed"),
    ],
)
def test_statistics_are_stale(before: object, after: object, analyzed: bool, why: str) -> None:
    """Gone, never taken, or older than most of the rows: the table is named with what is wrong."""
    was = Inspection(plan=INDEX, tables=before, analyzed_at={"public.orders": START})  # type: ignore[arg-type]
    is_now = Inspection(
        plan=SCAN,
        figures=(NodeFigures(1, 10.0, 1), NodeFigures(5, 9.0, 8000)),
        tables=after,  # type: ignore[arg-type]
        analyzed_at={"public.orders": START if analyzed else None},
    )
    found = statistics_stale(sides(looked(was), looked(is_now)))
    assert found is not None
    assert found.summary == f"the planner's statistics are stale: public.orders {why}"
    assert found.details[1] == "Seq Scan on orders: 5 rows expected, 8,000 met, cost 9.0"


@pytest.mark.parametrize(
    ("plan", "before", "after"),
    [
        pytest.param(INDEX, table(1000), table(9000, changed=8000), id="the plan is the same"),
        pytest.param(SCAN, table(9000, changed=7500), table(9000, changed=8000), id="as stale before"),
        pytest.param(SCAN, table(9000), table(9000, changed=100), id="hardly changed"),
        pytest.param(SCAN, table(0), table(0, without_statistics=3), id="empty"),
    ],
)
def test_statistics_that_changed_no_plan_are_no_cause(plan: PlanShape, before: object, after: object) -> None:
    """They matter through the plan only, and only where they were better before."""
    was, is_now = (
        Inspection(plan=shape, tables=state, analyzed_at={"public.orders": START})  # type: ignore[arg-type]
        for shape, state in ((INDEX, before), (plan, after))
    )
    assert statistics_stale(sides(looked(was), looked(is_now))) is None


def read(rows: int, plan: PlanShape = SCAN, tables: int = 1000) -> Inspection:
    """A look at a query that read so many rows of its table and kept one in ten."""
    figures = (NodeFigures(1, 1.0, 1), NodeFigures(rows // 10, 1.0, rows // 10, rows - rows // 10))
    return Inspection(plan=plan, figures=figures, tables=table(tables))


def test_rows_that_grew_like_the_time_are_a_cause() -> None:
    """The same plan reads ten times the rows and takes eight times as long."""
    found = rows_grown(sides(looked(read(1000)), looked(read(10_000, tables=10_000)), one=slower(8.0)))
    assert found is not None
    assert found.summary == "the same plan reads 10,000 rows instead of 1,000, 10 times as many"
    assert found.figures == {"rows_before": 1000.0, "rows_after": 10_000.0, "factor": 10.0}
    assert found.details == ["public.orders: 1,000 → 10,000 rows"]


def test_a_table_that_grew_may_have_changed_the_plan() -> None:
    """Then it is the table's rows that count: another plan reads others."""
    found = rows_grown(sides(looked(read(50, INDEX)), looked(read(5000, SCAN, tables=5000)), one=slower(5.0)))
    assert found is not None
    assert found.summary == "public.orders has 5,000 rows instead of 1,000, 5 times as many"


@pytest.mark.parametrize(
    ("after", "ratio"),
    [
        pytest.param(read(1300), 4.0, id="too few for the slow-down"),
        pytest.param(read(1000), 4.0, id="as many"),
        pytest.param(Inspection(plan=SCAN), 4.0, id="not known"),
        pytest.param(read(50_000, INDEX), 4.0, id="another plan, the same table"),
    ],
)
def test_rows_that_do_not_account_for_it_are_no_cause(after: Inspection, ratio: float) -> None:
    """A factor of 1.3 does not make a query four times slower."""
    assert rows_grown(sides(looked(read(1000)), looked(after), one=slower(ratio))) is None


def test_a_changed_plan_has_its_difference_below() -> None:
    """A sentence, and both plans line by line."""
    found = plan_changed(sides(side(plan=INDEX), side(plan=SCAN)))
    assert found is not None
    assert found.summary == "the plan changed: Index Scan on orders using orders_by_day became a Seq Scan"
    assert found.details == ["  Aggregate", "-   Index Scan on orders using orders_by_day", "+   Seq Scan on orders"]


@pytest.mark.parametrize("after", [Origin("portal_database", "other"), Origin("replica", "abc")])
def test_a_probe_that_asks_something_else_says_so(after: Origin) -> None:
    """Another query or another target: the two sides don't measure the same."""
    found = question_changed(sides(side(Evidence(origin=DATABASE)), side(Evidence(origin=after))))
    assert found is not None
    assert found.kind is ExplanationKind.PARAMETERS_CHANGED


def test_a_capture_without_evidence_has_no_causes() -> None:
    """What older stores hold: no cause, and no error either."""
    nothing = sides(side(), side())
    causes = (question_changed, index_lost, setting_changed, statistics_stale, rows_grown, plan_changed)
    assert [cause(nothing) for cause in causes] == [None] * 6
