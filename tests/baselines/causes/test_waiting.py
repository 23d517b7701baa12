"""Causes in what calls wait for, or fail of."""

from dataclasses import replace

import pytest

from baselines import ExplanationKind, Reason, SeriesComparison, Verdict
from baselines.causes.waiting import connection_refused, fails_more, lock_timed_out, pool_full, sessions_waited
from baselines.evidence import Evidence
from tests.baselines.causes.made import SERIES, side, sides, slower
from tests.thresholds.comparisons import compared
from tests.thresholds.comparisons import side as figures

WAITING = "database_performance.waiting_connections"
POOL = "database_performance.connection_pool_usage"


def failing(failed: int, before: int = 0) -> SeriesComparison:
    """The series, so many of its hundred calls failing after."""
    return compared(SERIES, available=Verdict.DEGRADED, before=figures(before), after=figures(failed))


@pytest.mark.parametrize(
    ("reason", "kind", "cause"),
    [
        (Reason.LOCK_TIMEOUT, ExplanationKind.LOCK_WAIT, lock_timed_out),
        (Reason.TOO_MANY_CONNECTIONS, ExplanationKind.POOL_EXHAUSTED, connection_refused),
    ],
)
def test_calls_say_themselves_what_they_failed_of(reason: Reason, kind: ExplanationKind, cause: object) -> None:
    """The calls of both sessions are counted; as many before are no cause."""
    before, after = side(Evidence()), side(Evidence(failures={reason: 3}))
    found = cause(sides(before, after, one=failing(6)))  # type: ignore[operator]
    assert found is not None
    assert (found.kind, found.figures) == (kind, {"calls_before": 0.0, "calls_after": 6.0})
    assert cause(sides(after, after, one=failing(6))) is None  # type: ignore[operator]


def test_sessions_that_waited_for_locks_are_seen() -> None:
    """In two of four looks of each session, none before."""
    before = side(levels={WAITING: [0.0] * 4})
    after = side(levels={WAITING: [0.0, 3.0, 5.0, 0.0], "database_performance.lock_wait_time": [0.0, 1.5, 2.0, 0.0]})
    found = sessions_waited(sides(before, after))
    assert found is not None
    assert found.summary == "up to 5 sessions of the database waited for locks, the longest 2 s, in 4 of 8 looks"
    assert found.kind is ExplanationKind.LOCK_WAIT


@pytest.mark.parametrize(
    ("before", "after"),
    [([0.0] * 4, [0.0] * 4), ([1.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]), ([0.0] * 20, [1.0] + [0.0] * 19)],
)
def test_a_wait_now_and_then_is_no_cause(before: list[float], after: list[float]) -> None:
    """None, as many as before, or one in twenty looks."""
    assert sessions_waited(sides(side(levels={WAITING: before}), side(levels={WAITING: after}))) is None


def test_a_pool_that_is_used_up_is_named() -> None:
    """With its use before; a pool that was as full before is no cause."""
    calm, full = side(levels={POOL: [0.2, 0.4, 0.2, 0.2]}), side(levels={POOL: [1.0] * 4})
    found = pool_full(sides(calm, full))
    assert found is not None
    assert found.summary == "the connection pool is used up: 100% (20% before)"
    assert found.kind is ExplanationKind.POOL_EXHAUSTED
    assert pool_full(sides(full, full)) is None
    assert pool_full(sides(calm, calm)) is None


def test_failing_calls_are_told_by_reason() -> None:
    """Those that are new, the most frequent first."""
    before = side(Evidence(failures={Reason.STATUS: 1}))
    after = side(Evidence(failures={Reason.STATUS: 10, Reason.READ_TIMEOUT: 5}))
    found = fails_more(sides(before, after, one=failing(30, before=2)))
    assert found is not None
    assert found.summary == "30 of 100 calls fail, 2 of 100 did before: status 18, read_timeout 10"
    assert found.figures["failing_after"] == 0.3


def test_failures_that_are_not_judged_worse_are_no_cause() -> None:
    """A slower series some of whose calls fail, as many did before."""
    assert fails_more(sides(side(), side(), one=replace(slower(), before=figures(3), after=figures(4)))) is None
