"""A deployment that a test drives: actions on what was folded so far, with a clock that the test moves."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta

from monitor.deployment.actions import begin_phase, end_phase, judge_gate, override_gate
from monitor.deployment.deployment import Deployment
from monitor.deployment.event import Event, EventKind, NewEvent
from monitor.deployment.phase import PhaseStatus
from tests.clocks import START
from thresholds.deployment.gate import Condition, ConditionResult, Gate, GateResult, GateState, Side
from thresholds.deployment.plan import DeploymentPlan, load_shipped_plan

# The order of the phases is not that of their names, nor of the names' lengths.
PLAN = DeploymentPlan.model_validate(
    {
        "title": "three phases",
        "phases": {
            "preparation": {"title": "the first", "expected": "10 min"},
            "copy": {"title": "the second", "expected": ["10 min", "1 h"]},
            "a_check": {"title": "the last", "expected": "10 min"},
        },
    }
)
# Nobody is asked before a phase, only behind it.
BEHIND_ONLY = PLAN.model_copy(
    update={"phases": {name: one.model_copy(update={"before": ()}) for name, one in PLAN.phases.items()}}
)
MIGRATION = load_shipped_plan("migration")


def before(phase: str) -> Gate:
    """The gate before a phase."""
    return Gate(Side.BEFORE, phase)


def behind(phase: str) -> Gate:
    """The gate after a phase."""
    return Gate(Side.AFTER, phase)


def opening(plan: DeploymentPlan = PLAN, by: str = "ann") -> NewEvent:
    """What opens a deployment."""
    detail = {
        "plan": plan.model_dump(mode="json"),
        "before": "pre-v42",
        "integrity": {"rows of users": {"value": 12.0, "trouble": ""}, "sum": {"value": None, "trouble": "no table"}},
    }
    return NewEvent(kind=EventKind.OPENED, by=by, detail=detail)


def result(gate: Gate, state: GateState = GateState.OPEN, *reasons: str, at: datetime = START) -> GateResult:
    """A gate judged by a comparison that is open, and limits in that state for those reasons."""
    conditions = (
        ConditionResult(Condition.COMPARISON, GateState.OPEN, ("nothing is slower",)),
        ConditionResult(Condition.LIMITS, state, reasons),
    )
    return GateResult(gate=gate, at=at, conditions=conditions, captures=("gate-1",))


class Driven:
    """`deployment` as of the last event; `now` moves by `wait`. What is kept has been through JSON, as in the store."""

    def __init__(self, plan: DeploymentPlan = PLAN) -> None:
        self.now = START
        self.events: list[Event] = []
        self._append([opening(plan)])
        self.deployment = Deployment.read("v42", "test", self.events)

    def wait(self, **duration: float) -> None:
        """Time passes."""
        self.now += timedelta(**duration)

    def keep(self, events: Iterable[NewEvent]) -> Deployment:
        """What an action gave, kept."""
        self._append(events)
        self.deployment = Deployment.read("v42", "test", self.events)
        return self.deployment

    def judge(self, state: GateState = GateState.OPEN, *reasons: str) -> Gate:
        """The gate that is due is judged; which one it was."""
        gate = self.deployment.due_gate
        assert gate is not None
        self.keep(judge_gate(self.deployment, result(gate, state, *reasons), "ann", self.deployment.number))
        return gate

    def override(self, reason: str = "it is known", by: str = "lea") -> None:
        """The gate that is due is overridden."""
        self.keep(override_gate(self.deployment, by, reason, self.now))

    def begin(self, phase: str) -> list[Gate]:
        """The phase begins, after every gate in the way was opened; which ones those were."""
        opened = []
        while self.deployment.due_gate is not None and not self.is_open:
            opened.append(self.judge())
        self.keep(begin_phase(self.deployment, phase, "ann", self.now))
        return opened

    def end(self, phase: str, status: PhaseStatus = PhaseStatus.COMPLETED) -> None:
        """The phase ends."""
        self.keep(end_phase(self.deployment, phase, status, "ann"))

    def complete(self, *phases: str) -> None:
        """The phases begin and end one after the other."""
        for phase in phases:
            self.begin(phase)
            self.end(phase)

    @property
    def state(self) -> GateState:
        """That of the gate that is due."""
        gate = self.deployment.due_gate
        assert gate is not None
        return self.deployment.gate_state(gate, self.now)

    @property
    def is_open(self) -> bool:
        """Whether the gate that is due is open."""
        return self.state is GateState.OPEN

    def _append(self, events: Iterable[NewEvent]) -> None:
        for one in events:
            detail = json.loads(json.dumps(dict(one.detail)))
            number = len(self.events) + 1
            kept = Event(
                number=number,
                at=self.now,
                kind=one.kind,
                by=one.by,
                phase=one.phase,
                detail=detail,
                source=one.source,
            )
            self.events.append(kept)
