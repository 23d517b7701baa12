"""Statements before against after, judged as series are."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from baselines.verdict import StatementComparison, Verdict, WorkloadComparison
from baselines.workload import Usage, WorkloadBin
from baselines.workload_judgement import FEWEST_CALLS, judge_workload
from tests.baselines.workloads import bins, text

STEADY = (0.010, 0.011, 0.009, 0.010, 0.0105)


def slowed(factor: float) -> list[float]:
    """The steady ones so much slower."""
    return [factor * one for one in STEADY]


def judged(before: list[WorkloadBin], after: list[WorkloadBin]) -> WorkloadComparison:
    """At a tolerance of 25 %, with a probe for one statement."""
    return judge_workload(before, after, 1.25, probes={"select": ["q"]})


def only(found: WorkloadComparison) -> StatementComparison:
    """The one statement that was judged."""
    (one,) = found.statements
    return one


@pytest.mark.parametrize(
    ("factor", "verdict"), [(1.0, Verdict.WITHIN), (3.0, Verdict.DEGRADED), (0.3, Verdict.IMPROVED)]
)
def test_a_statement_is_judged_by_the_rule_for_the_typical_call(factor: float, verdict: Verdict) -> None:
    """Its ratio is that of the means, whatever was sent how often."""
    one = only(judged(bins({"insert": STEADY}), bins({"insert": slowed(factor)}, calls=7)))
    assert one.compared.verdict is verdict
    assert one.compared.answers[0].ratio == pytest.approx(factor)


def test_the_dearest_stands_first() -> None:
    """Calls × difference: a little slower and often costs more than much slower and seldom."""
    before = bins({"often": STEADY}), bins({"seldom": STEADY}, calls=6)
    after = bins({"often": slowed(2)}), bins({"seldom": slowed(5)}, calls=6)
    both = [
        [replace(one, statements={**one.statements, **other.statements}) for one, other in zip(*side, strict=True)]
        for side in (before, after)
    ]
    often, seldom = judged(*both).statements
    assert (often.statement, seldom.statement) == (text("often"), text("seldom"))
    # 100 calls a minute, each about 10 ms slower.
    assert often.compared.impact_seconds_per_hour == pytest.approx(60, rel=0.05)
    assert often.share == pytest.approx(0.87, abs=0.01)


def test_a_mean_of_few_calls_is_no_session() -> None:
    """A statement that is hardly ever sent is not judged."""
    few = bins({"insert": STEADY}, calls=FEWEST_CALLS - 1)
    assert judged(few, few).statements == []


def test_a_statement_of_one_side_is_new_or_of_no_account() -> None:
    """What nobody sends any more can't be slower."""
    one = only(judged(bins({"old": STEADY}), bins({"new": STEADY})))
    assert (one.statement, one.compared.verdict) == (text("new"), Verdict.NEW)


def test_probes_that_send_the_statement_are_named() -> None:
    """So that everybody sees which verdict has been given already."""
    assert only(judged(bins({"select": STEADY}), bins({"select": STEADY}))).probes == ["q"]


def test_what_two_readers_saw_at_once_counts_once() -> None:
    """The service reads its bins while a capture reads others of the same minutes."""
    service = bins({"insert": STEADY[:1]}, calls=500, minutes=5)
    capture = bins({"insert": STEADY})
    after = judged(capture, [*capture, *service])
    assert only(after).compared.after == only(judged(capture, capture)).compared.after


def test_neighbours_in_time_are_one_session() -> None:
    """An hour of minutes claims no more certainty than twelve sessions, nor than the capture of that hour has."""
    hour = bins({"insert": [0.01] * 60})
    assert only(judged(hour, hour)).compared.sessions == (12, 12)
    found = judge_workload(hour, hour, 1.25, sessions=(5, 40), probes={})
    assert only(found).compared.sessions == (5, 12)


def test_without_bins_nothing_is_judged() -> None:
    """Nothing told is nothing judged, and what was told on one side only is new."""
    assert judged([], []).statements == []
    assert only(judged([], bins({"insert": STEADY}))).compared.verdict is Verdict.NEW


def test_databases_are_judged_apart() -> None:
    """The same text on another server is another statement."""
    before = [*bins({"insert": STEADY}), *bins({"insert": STEADY}, database="archive")]
    after = [*bins({"insert": slowed(3)}), *bins({"insert": STEADY}, database="archive")]
    assert {one.database: one.compared.verdict for one in judged(before, after).statements} == {
        "portal": Verdict.DEGRADED,
        "archive": Verdict.WITHIN,
    }


def test_of_many_unchanged_statements_hardly_one_is_called_degraded() -> None:
    """300 statements, five bins a side, a scatter of 15 % from bin to bin: at most one false claim in 3000."""
    order = np.random.default_rng(7)
    false = 0
    for _ in range(10):
        sides = [
            {f"s{number}": tuple(0.01 * np.exp(0.15 * order.standard_normal(5))) for number in range(300)}
            for _ in range(2)
        ]
        false += len(judged(*(bins(side) for side in sides)).having(Verdict.DEGRADED))
    assert false <= 1


def test_a_difference_below_the_floor_is_within() -> None:
    """Twenty microseconds more are a matter of caches."""
    micro = [one / 1000 for one in STEADY]
    one = only(judged(bins({"insert": micro}), bins({"insert": [3 * each for each in micro]})))
    assert one.compared.verdict is Verdict.WITHIN


def test_calls_an_hour_are_those_after() -> None:
    """A minute of a hundred calls is 6000 an hour; what lies between two bins is not counted as quiet."""
    after = bins({"insert": STEADY})
    later = [
        replace(one, started_at=one.started_at + timedelta(hours=1), finished_at=one.finished_at + timedelta(hours=1))
        for one in after
    ]
    assert only(judged(after, [*after, *later])).compared.series.calls_per_hour == pytest.approx(6000)
    assert after[0].statements[text("insert")] == Usage(100, 1.0, 100)
