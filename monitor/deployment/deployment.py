"""How a deployment stands: read from its events, one after the other, and from nothing else."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from monitor.deployment.event import Event, EventKind, NewEvent
from monitor.deployment.phase import Operation, Phase, PhaseStatus
from thresholds.deployment.checklist import ItemStatus, Manual, SignOff
from thresholds.deployment.gate import (
    RECOVERY,
    ConditionResult,
    Gate,
    GateResult,
    GateStanding,
    GateState,
    Override,
    Side,
)
from thresholds.deployment.integrity import IntegrityFigure
from thresholds.deployment.plan import DeploymentPlan


class Stage(StrEnum):
    """The parts of a deployment's life."""

    UNDER_WAY = "under_way"
    ROLLING_BACK = "rolling_back"
    WATCHING = "watching"
    FINISHED = "finished"


class Outcome(StrEnum):
    """How a deployment ended."""

    SUCCEEDED = "succeeded"
    ROLLED_BACK = "rolled_back"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackDecision:
    """Somebody decided to roll back; `within` is how long that may take by the matrix, None where it says nothing."""

    by: str
    reason: str
    tier: int | None
    within: timedelta | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A deployment as of its last event. `before` names the baseline everything is held against, `integrity` has the
    answers of then. `advice` is the last rollback advice as a document, with its instant under `at`.
    """

    name: str
    environment: str
    plan: DeploymentPlan
    before: str
    opened_at: datetime
    opened_by: str
    phases: Mapping[str, Phase]
    integrity: Mapping[str, IntegrityFigure]
    standings: Mapping[Gate, GateStanding] = field(default_factory=dict)
    sign_offs: Mapping[str, SignOff] = field(default_factory=dict)
    advice: Mapping[str, Any] | None = None
    rollback: RollbackDecision | None = None
    live_at: datetime | None = None
    outcome: Outcome | None = None
    finished_at: datetime | None = None
    watched: tuple[Mapping[str, Any], ...] = ()
    messages: tuple[Mapping[str, Any], ...] = ()
    events: tuple[Event, ...] = ()

    @classmethod
    def read(cls, name: str, environment: str, events: Iterable[Event]) -> "Deployment":
        """A deployment out of its events, the first of which opened it."""
        first, *rest = events
        deployment = _opened(name, environment, first)
        for event in rest:
            deployment = deployment._with(event)
        return deployment

    def after(self, new: Iterable[NewEvent], now: datetime) -> "Deployment":
        """How it would stand had these events been kept."""
        deployment = self
        for one in new:
            event = Event(
                number=deployment.number + 1,
                at=now,
                kind=one.kind,
                by=one.by,
                phase=one.phase,
                detail=one.detail,
                source=one.source,
            )
            deployment = deployment._with(event)
        return deployment

    def _with(self, event: Event) -> "Deployment":
        return _FOLDS[event.kind](replace(self, events=(*self.events, event)), event)

    @property
    def stage(self) -> Stage:
        """Which part of its life it is in."""
        if self.outcome is not None:
            return Stage.FINISHED
        if self.rollback is not None:
            return Stage.ROLLING_BACK
        return Stage.WATCHING if self.live_at is not None else Stage.UNDER_WAY

    @property
    def running(self) -> Phase | None:
        """The phase that runs."""
        return next((one for one in self.phases.values() if one.is_running), None)

    @property
    def quiet_phase(self) -> Phase | None:
        """The phase that runs and allows no users, also where the log tells of one beside another."""
        return next((one for one in self.phases.values() if one.is_running and one.plan.pauses_probes), None)

    @property
    def next_phase(self) -> Phase | None:
        """The first phase that is not completed, where none runs; None where all are, or after going live."""
        if self.running is not None or self.stage is not Stage.UNDER_WAY:
            return None
        return next((one for one in self.phases.values() if not one.is_done), None)

    @property
    def last_done(self) -> Phase | None:
        """The last phase in order that is completed before the first that is not."""
        done = None
        for one in self.phases.values():
            if not one.is_done:
                break
            done = one
        return done

    @property
    def due_gate(self) -> Gate | None:
        """The gate at which everybody waits; None while a phase runs, where nothing is asked, and after going live.

        - after a rollback was decided: that of the recovery
        - the one after the last completed phase, until it has been opened or overridden and nothing broke since
        - the one before the next phase; where there is none, still the one behind, which holds no longer than others
        - after the last phase, its own again: whoever goes live does so through an open gate
        """
        if self.stage is Stage.ROLLING_BACK:
            return RECOVERY
        if self.running is not None or self.stage is not Stage.UNDER_WAY:
            return None
        done, following = self.last_done, self.next_phase
        behind = None if done is None else self._asked(Gate(Side.AFTER, done.name))
        ahead = None if following is None else self._asked(Gate(Side.BEFORE, following.name))
        if ahead is None or (behind is not None and not self._was_passed(behind)):
            return behind
        return ahead

    def gate_state(self, gate: Gate, now: datetime) -> GateState:
        """Whether a gate may be passed now; one that was never judged is inconclusive, one that asks nothing open."""
        if not self.plan.asked(gate):
            return GateState.OPEN
        standing = self.standings.get(gate)
        return GateState.INCONCLUSIVE if standing is None else standing.state(now, self.plan.gate_holds)

    def gate_reasons(self, gate: Gate, now: datetime) -> list[str]:
        """Why it may not be passed, or what an override passed over."""
        standing = self.standings.get(gate)
        if standing is None:
            return ["it was not evaluated yet"] if self.plan.asked(gate) else []
        return standing.reasons(now, self.plan.gate_holds)

    def day(self, now: datetime) -> int:
        """The day of the deployment, the first is 1."""
        return (now - self.opened_at) // timedelta(days=1) + 1

    @property
    def watched_until(self) -> datetime | None:
        """When the watch after going live ends."""
        return None if self.live_at is None else self.live_at + self.plan.watch

    @property
    def completed_phases(self) -> frozenset[str]:
        """The phases that are completed, whose assertions hold from then on."""
        return frozenset(name for name, one in self.phases.items() if one.is_done)

    @property
    def to_sign(self) -> list[str]:
        """The items of the checklist that a person may have to vouch for: what only a person knows, and what is
        critical, should it not be readable."""
        items = self.plan.checklist.items.items()
        return [name for name, one in items if one.critical or isinstance(one.requires, Manual)]

    @property
    def number(self) -> int:
        """That of the last event."""
        return self.events[-1].number

    def _asked(self, gate: Gate) -> Gate | None:
        return gate if self.plan.asked(gate) else None

    def _was_passed(self, gate: Gate) -> bool:
        standing = self.standings.get(gate)
        if standing is None or standing.broken:
            return False
        return standing.override is not None or standing.result.state is GateState.OPEN


def _opened(name: str, environment: str, event: Event) -> Deployment:
    plan = DeploymentPlan.model_validate(event.detail["plan"])
    return Deployment(
        name=name,
        environment=environment,
        plan=plan,
        before=event.detail["before"],
        opened_at=event.at,
        opened_by=event.by,
        phases={phase: Phase(name=phase, plan=one) for phase, one in plan.phases.items()},
        integrity={check: IntegrityFigure(**one) for check, one in event.detail["integrity"].items()},
        events=(event,),
    )


def _with_phase(deployment: Deployment, phase: Phase) -> Deployment:
    return replace(deployment, phases={**deployment.phases, phase.name: phase})


def _without_gates_from(deployment: Deployment, first: Gate) -> Deployment:
    """That gate and those behind it were passed, or not, in another system; that of the recovery as well."""
    gates = _gates(deployment)
    kept = gates[: gates.index(first)]
    return replace(deployment, standings={gate: one for gate, one in deployment.standings.items() if gate in kept})


def _gate_into(deployment: Deployment, phase: str) -> Gate:
    """The gate that leads into a phase: the one behind the phase before where it has none of its own."""
    gates, own = _gates(deployment), Gate(Side.BEFORE, phase)
    return own if deployment.plan.asked(own) else gates[max(0, gates.index(own) - 1)]


def _gates(deployment: Deployment) -> list[Gate]:
    return [Gate(side, phase) for phase in deployment.phases for side in (Side.BEFORE, Side.AFTER)]


def _phase_started(deployment: Deployment, event: Event) -> Deployment:
    before = deployment.phases[event.phase]
    phase = replace(
        before,
        status=PhaseStatus.STARTED,
        started_at=_instant(event, "started_at"),
        ended_at=None,
        by=event.by,
        attempts=before.attempts + 1,
        ungated=bool(event.detail.get("ungated")),
    )
    return _without_gates_from(_with_phase(deployment, phase), Gate(Side.AFTER, event.phase))


def _phase_ended(deployment: Deployment, event: Event) -> Deployment:
    status = {
        EventKind.PHASE_COMPLETED: PhaseStatus.COMPLETED,
        EventKind.PHASE_FAILED: PhaseStatus.FAILED,
        EventKind.PHASE_ROLLED_BACK: PhaseStatus.ROLLED_BACK,
    }[event.kind]
    phase = replace(deployment.phases[event.phase], status=status, ended_at=_instant(event, "ended_at"))
    changed = _with_phase(deployment, phase)
    if status is PhaseStatus.COMPLETED:
        return _without_gates_from(changed, Gate(Side.AFTER, event.phase))
    return _without_gates_from(changed, _gate_into(changed, event.phase))


def _operation(deployment: Deployment, event: Event) -> Deployment:
    phase = deployment.phases[event.phase]
    operation = Operation(**{**event.detail, "status": PhaseStatus(event.detail["status"])})
    earlier = [one for one in phase.operations if one.name != operation.name or one.status is not PhaseStatus.STARTED]
    return _with_phase(deployment, replace(phase, operations=(*earlier, operation)))


def _gate_judged(deployment: Deployment, event: Event) -> Deployment:
    gate = gate_of(event)
    result = GateResult(
        gate=gate,
        at=event.at,
        conditions=tuple(ConditionResult.from_document(one) for one in event.detail["conditions"]),
        captures=tuple(event.detail.get("captures", ())),
        advice=event.detail.get("advice"),
    )
    changed = _with_standing(deployment, gate, GateStanding(result=result))
    return changed if result.advice is None else replace(changed, advice={**result.advice, "at": event.at})


def _gate_overridden(deployment: Deployment, event: Event) -> Deployment:
    gate = gate_of(event)
    standing = deployment.standings.get(gate) or GateStanding(result=GateResult(gate=gate, at=event.at, conditions=()))
    passed_over = (*(standing.override.broken if standing.override is not None else ()), *standing.broken)
    override = Override(event.by, event.detail["reason"], event.at, passed_over)
    return _with_standing(deployment, gate, replace(standing, override=override, broken=()))


def _gate_broken(deployment: Deployment, event: Event) -> Deployment:
    gate = gate_of(event)
    standing = deployment.standings.get(gate)
    if standing is None:
        return deployment
    return _with_standing(deployment, gate, replace(standing, broken=tuple(event.detail["reasons"])))


def _with_standing(deployment: Deployment, gate: Gate, standing: GateStanding) -> Deployment:
    return replace(deployment, standings={**deployment.standings, gate: standing})


def _signed_off(deployment: Deployment, event: Event) -> Deployment:
    status = ItemStatus.PASS if event.detail["passed"] else ItemStatus.FAIL
    sign_off = SignOff(event.by, status, event.detail["note"], event.at)
    return replace(deployment, sign_offs={**deployment.sign_offs, event.detail["item"]: sign_off})


def _advised(deployment: Deployment, event: Event) -> Deployment:
    return replace(deployment, advice={**event.detail, "at": event.at})


def _rollback_decided(deployment: Deployment, event: Event) -> Deployment:
    minutes = event.detail.get("within_minutes")
    decision = RollbackDecision(
        by=event.by,
        reason=event.detail["reason"],
        tier=event.detail.get("tier"),
        within=None if minutes is None else timedelta(minutes=minutes),
        at=event.at,
    )
    return replace(deployment, rollback=decision, live_at=None)


def _went_live(deployment: Deployment, event: Event) -> Deployment:
    return replace(deployment, live_at=event.at)


def _watched(deployment: Deployment, event: Event) -> Deployment:
    return replace(deployment, watched=(*deployment.watched, event.detail))


def _message_sent(deployment: Deployment, event: Event) -> Deployment:
    return replace(deployment, messages=(*deployment.messages, {**event.detail, "at": event.at, "by": event.by}))


def _finished(deployment: Deployment, event: Event) -> Deployment:
    return replace(deployment, outcome=Outcome(event.detail["outcome"]), finished_at=event.at)


_FOLDS = {
    EventKind.PHASE_STARTED: _phase_started,
    EventKind.PHASE_COMPLETED: _phase_ended,
    EventKind.PHASE_FAILED: _phase_ended,
    EventKind.PHASE_ROLLED_BACK: _phase_ended,
    EventKind.OPERATION: _operation,
    EventKind.GATE_JUDGED: _gate_judged,
    EventKind.GATE_OVERRIDDEN: _gate_overridden,
    EventKind.GATE_BROKEN: _gate_broken,
    EventKind.SIGNED_OFF: _signed_off,
    EventKind.ADVISED: _advised,
    EventKind.ROLLBACK_DECIDED: _rollback_decided,
    EventKind.WENT_LIVE: _went_live,
    EventKind.WATCHED: _watched,
    EventKind.MESSAGE_SENT: _message_sent,
    EventKind.FINISHED: _finished,
}


def gate_of(event: Event) -> Gate:
    """The gate an event is about."""
    return Gate(Side(event.detail["side"]), event.phase)


def _instant(event: Event, name: str) -> datetime:
    """The instant of what happened: the portal's log knows better than whoever read it."""
    told = event.detail.get(name)
    return event.at if told is None else datetime.fromisoformat(told)
