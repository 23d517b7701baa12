"""What a session keeps besides samples, and brings back."""

import json
from dataclasses import replace

from baselines import Inspection, Measurement, Outcome, PlanShape, Reason
from baselines.baseline_file import pack, unpack
from baselines.evidence import Evidence, Origin
from baselines.inspection import TableState
from baselines.plan_node import NodeFigures
from tests.baselines.made import baseline
from tests.clocks import START

PLAN = PlanShape(("Aggregate", "  Index Scan on t using i"))
INSPECTION = Inspection(
    plan=PLAN,
    figures=(NodeFigures(1, 9.5, 1, 0), NodeFigures(40, 8.5, 38, 2)),
    server_seconds=0.01,
    rows=1,
    analyzed_at={"t": START, "u": None},
    tables={"t": TableState(rows=100, changed=3, without_statistics=0)},
    settings={"work_mem": "64kB"},
)
EVIDENCE = Evidence(
    origin=Origin(None, "abc"), phases={"send": 0.1}, failures={Reason.LOCK_TIMEOUT: 2}, inspection=INSPECTION
)


def call(reason: Reason | None = None, *, disturbed: bool = False, **phases: float) -> Measurement:
    """One that answered within 10 ms, or failed."""
    return Measurement(
        series="q.a",
        intended_at=START,
        started_at=START,
        outcome=Outcome.ERROR if reason else Outcome.OK,
        value=None if reason else 0.01,
        reason=reason,
        phases=phases,
        prober_delay_seconds=1.0 if disturbed else 0.0,
    )


def test_phases_are_those_of_calls_that_answered() -> None:
    """Medians; a call without the phase counts 0, and what failed or was disturbed has none."""
    calls = [call(send=0.1), call(send=0.3), call(send=0.2, connect=9.0)]
    others = [call(Reason.STATUS, send=5.0), call(disturbed=True, send=5.0)]
    assert Evidence.of_measurements([*calls, *others]).phases == {"send": 0.2, "connect": 0.0}


def test_failures_are_counted_by_reason_the_cold_ones_too() -> None:
    """A probe that holds back after its first calls still says why."""
    cold = [call(Reason.LOCK_TIMEOUT), call()]
    found = Evidence.of_measurements([call(Reason.STATUS), call(Reason.STATUS), call()], cold=cold)
    assert found.failures == {Reason.LOCK_TIMEOUT: 1, Reason.STATUS: 2}


def test_evidence_comes_back_whole() -> None:
    """Through JSON, with its plan from elsewhere; without the plan there is no inspection."""
    document = json.loads(json.dumps(EVIDENCE.to_document()))
    assert Evidence.from_document(document, PLAN) == EVIDENCE
    assert Evidence.from_document(document, None) == replace(EVIDENCE, inspection=None)


def test_evidence_goes_along_in_a_file() -> None:
    """With the levels of the session; a capture from before there was any has none."""
    old = baseline("pre", [{"q.a": [0.1]}], plans={"q.a": PLAN})
    new = replace(
        old, sessions=[replace(one, evidence={"q.a": EVIDENCE}, levels={"s.cpu": [0.5]}) for one in old.sessions]
    )
    (session,) = unpack(pack(new)).sessions
    assert (session.evidence, session.levels) == ({"q.a": EVIDENCE}, {"s.cpu": [0.5]})
    (session,) = unpack(pack(old)).sessions
    assert (session.evidence, session.levels) == ({}, {})


def test_rows_read_are_those_of_tables() -> None:
    """What an aggregate hands on was not read; without an execution nobody knows."""
    assert INSPECTION.rows_read == 40
    assert replace(INSPECTION, figures=(NodeFigures(1, 9.5), NodeFigures(40, 8.5))).rows_read is None
