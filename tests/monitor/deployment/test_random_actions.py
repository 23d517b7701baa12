"""Whatever is done in whatever order, a deployment keeps to its rules."""

from collections.abc import Callable
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.deployment.actions import (
    begin_phase,
    break_gate,
    close,
    decide_rollback,
    end_phase,
    finish_recovery,
    go_live,
    judge_gate,
    override_gate,
)
from monitor.deployment.deployment import Deployment, Outcome, gate_of
from monitor.deployment.event import Event, EventKind, NewEvent
from monitor.deployment.phase import PhaseStatus
from monitor.errors import MonitorError
from tests.monitor.deployment.driven import BEHIND_ONLY, PLAN, Driven, before, behind, result
from thresholds.deployment.gate import RECOVERY, Gate, GateState
from thresholds.deployment.plan import DeploymentPlan

Step = Callable[[Driven], list[NewEvent]]

PHASES = list(PLAN.phases)
ENDS = [PhaseStatus.COMPLETED, PhaseStatus.FAILED, PhaseStatus.ROLLED_BACK]
GATES = (EventKind.GATE_JUDGED, EventKind.GATE_OVERRIDDEN, EventKind.GATE_BROKEN)
# After these, what a gate said before is about another system.
MOVES = (
    EventKind.PHASE_STARTED,
    EventKind.PHASE_COMPLETED,
    EventKind.PHASE_FAILED,
    EventKind.PHASE_ROLLED_BACK,
    EventKind.ROLLBACK_DECIDED,
)
# What leads through a gate.
PASSING = (EventKind.PHASE_STARTED, EventKind.WENT_LIVE, EventKind.FINISHED)


def begun(phase: str) -> Step:
    """The phase begins, if it may."""
    return lambda driven: begin_phase(driven.deployment, phase, "ann", driven.now)


def ended(phase: str, status: PhaseStatus) -> Step:
    """The phase ends, if it may."""
    return lambda driven: end_phase(driven.deployment, phase, status, "ann")


def judged(state: GateState) -> Step:
    """Whatever gate is due is judged."""

    def step(driven: Driven) -> list[NewEvent]:
        gate = driven.deployment.due_gate
        if gate is None:
            return []
        return judge_gate(driven.deployment, result(gate, state, "p95: slow"), "ann", driven.deployment.number)

    return step


def overridden(driven: Driven) -> list[NewEvent]:
    """Whatever gate is due is overridden."""
    return override_gate(driven.deployment, "lea", "it is known", driven.now)


def broken(driven: Driven) -> list[NewEvent]:
    """A limit breaks."""
    return break_gate(driven.deployment, [f"limit_{driven.deployment.number % 3} is 9"], "portalwatch")


def waited(minutes: int) -> Step:
    """Time passes."""

    def step(driven: Driven) -> list[NewEvent]:
        driven.wait(minutes=minutes)
        return []

    return step


def forward(driven: Driven) -> list[NewEvent]:
    """What brings it on: the running phase is completed, the gate opened, the next phase begun."""
    deployment = driven.deployment
    if deployment.running is not None:
        return ended(deployment.running.name, PhaseStatus.COMPLETED)(driven)
    if deployment.due_gate is not None and not driven.is_open:
        return judged(GateState.OPEN)(driven)
    return [] if deployment.next_phase is None else begun(deployment.next_phase.name)(driven)


# Forward comes often, or nothing would ever get far.
STEPS = st.one_of(
    st.just(forward),
    st.just(forward),
    st.just(forward),
    st.just(forward),
    st.sampled_from(PHASES).map(begun),
    st.builds(ended, st.sampled_from(PHASES), st.sampled_from(ENDS)),
    st.sampled_from(PHASES).map(lambda phase: ended(phase, PhaseStatus.ROLLED_BACK)),
    st.sampled_from(list(GateState)).map(judged),
    st.just(overridden),
    st.just(broken),
    st.sampled_from([1, 20, 40]).map(waited),
    st.just(lambda driven: decide_rollback(driven.deployment, "lea", "slow")),
    st.just(lambda driven: go_live(driven.deployment, "ann", driven.now)),
    st.just(lambda driven: finish_recovery(driven.deployment, "ann", driven.now)),
    st.sampled_from([Outcome.SUCCEEDED, Outcome.ABANDONED]).map(
        lambda outcome: lambda driven: close(driven.deployment, "ann", outcome, {})
    ),
)


def in_order(deployment: Deployment) -> bool:
    """Whether what runs stands behind completed phases only, and nothing behind it runs or is completed."""
    names = [one.name for one in deployment.phases.values() if one.is_running]
    statuses = [one.status for one in deployment.phases.values()]
    done = [status is PhaseStatus.COMPLETED for status in statuses]
    return len(names) <= 1 and done == sorted(done, reverse=True) and (not names or not done[PHASES.index(names[0])])


def gate_into(event: Event, plan: DeploymentPlan) -> Gate | None:
    """The gate that leads to what was done: a phase that began, going live, or the end of a rollback."""
    if event.kind is EventKind.FINISHED:
        return RECOVERY
    if event.kind is EventKind.WENT_LIVE:
        return behind(PHASES[-1])
    if plan is PLAN:
        return before(event.phase)
    number = PHASES.index(event.phase)
    return behind(PHASES[number - 1]) if number else None


def was_let_through(gate: Gate, earlier: list[Event], at: datetime) -> bool:
    """Whether the gate was overridden, or judged open half an hour before at most, with nothing broken and no phase
    begun or ended since: told by the events alone.
    """
    for one in reversed(earlier):
        if one.kind in MOVES:
            return False
        if one.kind not in GATES or gate_of(one) != gate:
            continue
        if one.kind is EventKind.GATE_JUDGED:
            return one.detail["state"] == "open" and at - one.at <= timedelta(minutes=30)
        return one.kind is EventKind.GATE_OVERRIDDEN
    return False


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([PLAN, BEHIND_ONLY]), st.lists(STEPS, min_size=20, max_size=80))
def test_no_order_of_actions_breaks_a_rule(plan: DeploymentPlan, steps: list[Step]) -> None:
    """Nothing runs before what comes before it is completed, nothing is passed but through an open gate or a kept
    override, and the events alone tell the deployment."""
    driven = Driven(plan)
    for step in steps:
        try:
            new = step(driven)
        except MonitorError:
            continue
        driven.keep(new)
        assert driven.deployment == Deployment.read("v42", "test", list(driven.events))
        assert in_order(driven.deployment)
    for number, event in enumerate(driven.events):
        if event.kind in PASSING and event.detail.get("outcome") in (None, "rolled_back"):
            gate = gate_into(event, plan)
            assert gate is None or was_let_through(gate, driven.events[:number], event.at)
