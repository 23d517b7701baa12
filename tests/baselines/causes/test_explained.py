"""All causes of a series in their order."""

from dataclasses import replace

import pytest

from baselines import Baseline, Change, Comparison, ExplanationKind, Inspection, Reason, Section, Series, Verdict
from baselines.causes.explained import explained
from baselines.evidence import Evidence
from baselines.inspection import TableState
from tests.baselines.causes.made import DATABASE, INDEX, SCAN, SERIES, change, looked, side, slower
from tests.clocks import START
from tests.thresholds.comparisons import compared

GONE = change(Section.INDEXES, "index orders_by_day on orders", "btree (day)", None)
CHEAPER = change(Section.SETTINGS, "setting random_page_cost", "1.1", "4")


def look(plan: object, **state: int) -> Inspection:
    """A look into the query with a table in that state."""
    table = TableState(**{"rows": 1000, "changed": 0, "without_statistics": 0, **state})
    return Inspection(plan=plan, tables={"t": table}, analyzed_at={"t": START})  # type: ignore[arg-type]


def kinds(before: Baseline, after: Baseline, *changes: Change, **more: object) -> list[str]:
    """The causes of the series, four times slower, in order."""
    series = [slower(), *more.get("others", [])]  # type: ignore[misc]
    comparison = Comparison(before="pre", after="post", series=series, changes=changes)
    return [one.kind.value for one in explained(comparison, before, after).series[0].explanations]


def test_what_changed_the_plan_comes_before_the_plan() -> None:
    """The index, the setting, the statistics, the rows: each is the cause, and the plan the consequence."""
    healthy = looked(look(INDEX))
    assert kinds(healthy, looked(look(SCAN)), GONE) == ["index_gone", "plan_change"]
    assert kinds(healthy, looked(look(SCAN)), CHEAPER) == ["setting_changed", "plan_change"]
    assert kinds(healthy, looked(look(SCAN, without_statistics=1))) == ["statistics_stale", "plan_change"]
    assert kinds(healthy, looked(look(SCAN, rows=9000))) == ["rows_grown", "plan_change"]
    assert kinds(healthy, looked(look(SCAN))) == ["plan_change"]


def test_a_lock_that_the_calls_met_comes_before_all_that_changed() -> None:
    """They say so themselves."""
    after = side(Evidence(origin=DATABASE, inspection=look(SCAN), failures={Reason.LOCK_TIMEOUT: 4}))
    assert kinds(looked(look(INDEX)), after, GONE) == ["lock_wait", "index_gone", "plan_change"]


def test_a_lock_is_told_once() -> None:
    """The calls and the sessions of the database say the same; the calls are nearer."""
    levels = {"database_performance.waiting_connections": [3.0]}
    before, after = side(Evidence()), side(Evidence(failures={Reason.LOCK_TIMEOUT: 4}), levels=levels)
    assert kinds(before, after) == ["lock_wait"]


@pytest.mark.parametrize(("ratio", "first"), [(3.0, "host_busier"), (1.0, "plan_change")])
def test_the_host_comes_first_where_the_controls_moved_as_far(ratio: float, first: str) -> None:
    """A plan may change under load; where the controls stayed it is the plan."""
    control = compared("q.one", ratio=ratio, series=Series("q.one", is_control=True))
    after = side(Evidence(inspection=look(SCAN)), host_load=2.0)
    assert kinds(side(Evidence(inspection=look(INDEX)), host_load=0.1), after, others=[control])[0] == first


def test_what_has_no_cause_says_so() -> None:
    """Unknown is an answer, for what is degraded or suspected."""
    assert kinds(side(), side()) == ["unknown"]


@pytest.mark.parametrize(
    ("verdict", "told"), [(Verdict.INCONCLUSIVE, ["plan_change"]), (Verdict.WITHIN, []), (Verdict.IMPROVED, [])]
)
def test_only_what_may_be_worse_is_explained(verdict: Verdict, told: list[str]) -> None:
    """What is undecided has the causes that were found, and none that is unknown; what is well has none."""
    one = compared(SERIES, typical=verdict)
    comparison = Comparison(before="pre", after="post", series=[one])
    causes = explained(comparison, side(plan=INDEX), side(plan=SCAN)).series[0].explanations
    assert [each.kind.value for each in causes] == told
    assert explained(comparison, side(), side()).series[0].explanations == []


def test_a_suspected_series_without_a_cause_is_unknown() -> None:
    """More sessions are worth their minutes, so somebody asks why."""
    one = compared(SERIES, typical=Verdict.INCONCLUSIVE)
    suspected = replace(one, answers=[replace(one.answers[0], suspected=True), *one.answers[1:]])
    comparison = Comparison(before="pre", after="post", series=[suspected])
    (cause,) = explained(comparison, side(), side()).series[0].explanations
    assert cause.kind is ExplanationKind.UNKNOWN
