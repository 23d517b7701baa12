"""What may be done to a deployment, decided on how it stands: each action gives the events to keep, or says why not."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from monitor.deployment.deployment import Deployment, Outcome, Stage
from monitor.deployment.event import EventKind, NewEvent
from monitor.deployment.phase import Phase, PhaseStatus
from monitor.errors import ConfigurationError, RefusedError, UndecidedError
from thresholds.deployment.gate import Gate, GateResult, GateState

_ENDS = {
    PhaseStatus.COMPLETED: EventKind.PHASE_COMPLETED,
    PhaseStatus.FAILED: EventKind.PHASE_FAILED,
    PhaseStatus.ROLLED_BACK: EventKind.PHASE_ROLLED_BACK,
}

# What makes another system of it: a gate that was judged before was that of the old one.
MOVES = (
    EventKind.PHASE_STARTED,
    EventKind.PHASE_COMPLETED,
    EventKind.PHASE_FAILED,
    EventKind.PHASE_ROLLED_BACK,
    EventKind.ROLLBACK_DECIDED,
    EventKind.WENT_LIVE,
    EventKind.FINISHED,
)

# What lets a gate be passed, so that the next one is due.
_PASSES = (EventKind.GATE_JUDGED, EventKind.GATE_OVERRIDDEN)


def begin_phase(deployment: Deployment, name: str, by: str, now: datetime) -> list[NewEvent]:
    """The next phase begins.

    Raises ConfigurationError where it is no phase, not the next one, or none may begin; RefusedError where its gate is
    closed, and UndecidedError where that is inconclusive.
    """
    phase = _phase(deployment, name)
    _require_under_way(deployment)
    if phase.is_running:
        raise ConfigurationError(f"{name} is running already: {phase.by} began it")
    if deployment.running is not None:
        raise ConfigurationError(f"{deployment.running.name} is still running; say how it ended first")
    if not phase.can_start:
        raise ConfigurationError(f"{name} is {phase.status}")
    following = deployment.next_phase
    if following is not None and following.name != name:
        raise ConfigurationError(f"{following.name} comes before {name} and is {following.status}")
    require_open(deployment, now)
    return [NewEvent(kind=EventKind.PHASE_STARTED, by=by, phase=name)]


def end_phase(deployment: Deployment, name: str, status: PhaseStatus, by: str) -> list[NewEvent]:
    """A phase ended. Raises ConfigurationError where it does not run, there is nothing to take back, or it is live."""
    phase = _phase(deployment, name)
    _require_open_deployment(deployment)
    if status is PhaseStatus.ROLLED_BACK:
        _require_can_be_rolled_back(deployment, phase)
    elif not phase.is_running:
        raise ConfigurationError(f"{name} is {phase.status} and not running")
    return [NewEvent(kind=_ENDS[status], by=by, phase=name)]


def judge_gate(deployment: Deployment, result: GateResult, by: str, seen: int) -> list[NewEvent]:
    """A gate was judged, on the deployment as of its event number `seen`.

    Raises RefusedError where the deployment has moved on meanwhile: what was measured was another state.
    """
    since = [one for one in deployment.events if one.number > seen]
    if deployment.due_gate != result.gate or any(one.kind in MOVES for one in since):
        told = [f"{one.by} told {one.kind} {one.phase}".rstrip() for one in since if one.kind in (*MOVES, *_PASSES)]
        why = f": {told[-1]} meanwhile" if told else ""
        raise RefusedError(f"the gate {result.gate} is not due any more{why}")
    detail: dict[str, Any] = {
        "side": result.gate.side,
        "state": result.state,
        "conditions": [asdict(one) for one in result.conditions],
        "captures": list(result.captures),
    }
    if result.advice is not None:
        detail["advice"] = dict(result.advice)
    return [NewEvent(kind=EventKind.GATE_JUDGED, by=by, phase=result.gate.phase, detail=detail)]


def override_gate(deployment: Deployment, by: str, reason: str, now: datetime) -> list[NewEvent]:
    """A named person lets the gate be passed. Raises ConfigurationError where none is due, or it is open."""
    gate = due_gate(deployment)
    if not by.strip() or not reason.strip():
        raise ConfigurationError("an override has a name and a reason: give --by and --reason")
    if deployment.gate_state(gate, now) is GateState.OPEN:
        raise ConfigurationError(f"the gate {gate} is open; there is nothing to override")
    against = deployment.gate_reasons(gate, now)
    detail = {"side": gate.side, "reason": reason.strip(), "against": against}
    return [NewEvent(kind=EventKind.GATE_OVERRIDDEN, by=by.strip(), phase=gate.phase, detail=detail)]


def break_gate(deployment: Deployment, reasons: Sequence[str], by: str) -> list[NewEvent]:
    """While everybody waited at a gate that was judged, a limit broke; the first word of each reason is its series.

    Nothing where it is told already, or was known to whoever overrode the gate: an override holds against that.
    """
    gate = deployment.due_gate
    standing = deployment.standings.get(gate) if gate is not None else None
    if gate is None or standing is None:
        return []
    news = standing.news(reasons)
    if not news or (standing.result.state is GateState.CLOSED and standing.override is None):
        return []
    detail = {"side": gate.side, "reasons": [*standing.broken, *news]}
    return [NewEvent(kind=EventKind.GATE_BROKEN, by=by, phase=gate.phase, detail=detail)]


def sign_off(deployment: Deployment, item: str, *, passed: bool, note: str, by: str) -> list[NewEvent]:
    """A named person vouches for an item of the checklist, or against it: for one that only a person knows, or that is
    critical and could not be read. Raises ConfigurationError for any other.
    """
    _require_open_deployment(deployment)
    if item not in deployment.to_sign:
        known = ", ".join(deployment.to_sign)
        raise ConfigurationError(f"there is nothing to sign off called {item}; there are: {known}")
    if not by.strip() or not note.strip():
        raise ConfigurationError("a sign-off has a name and a note of what was looked at: give --by and --note")
    detail = {"item": item, "passed": passed, "note": note.strip()}
    return [NewEvent(kind=EventKind.SIGNED_OFF, by=by.strip(), detail=detail)]


def advise(deployment: Deployment, advice: Mapping[str, Any], by: str) -> list[NewEvent]:
    """Rollback advice was given."""
    _require_open_deployment(deployment)
    return [NewEvent(kind=EventKind.ADVISED, by=by, detail=dict(advice))]


def decide_rollback(deployment: Deployment, by: str, reason: str) -> list[NewEvent]:
    """Somebody decided to roll back: carried out by people, never by us; from here on the gate is the recovery's.

    Raises ConfigurationError where that was decided before, or nothing was begun.
    """
    _require_open_deployment(deployment)
    if deployment.rollback is not None:
        raise ConfigurationError(f"{deployment.rollback.by} decided that already")
    if not by.strip() or not reason.strip():
        raise ConfigurationError("a rollback is decided by a named person for a reason: give --by and --reason")
    if all(one.status is PhaseStatus.PENDING for one in deployment.phases.values()):
        raise ConfigurationError(
            "no phase was begun, so there is nothing to roll back; `deploy finish --abandon` ends it"
        )
    advice = deployment.advice or {}
    detail = {
        "reason": reason.strip(),
        "tier": advice.get("rollback_tier"),
        "within_minutes": advice.get("time_limit_minutes"),
        "advised": advice.get("action"),
    }
    return [NewEvent(kind=EventKind.ROLLBACK_DECIDED, by=by.strip(), detail=detail)]


def go_live(deployment: Deployment, by: str, now: datetime) -> list[NewEvent]:
    """All phases are done and the last gate is open: from here on it is watched.

    Raises ConfigurationError where it is not so far, RefusedError and UndecidedError as `begin_phase` does.
    """
    _require_under_way(deployment)
    if deployment.running is not None:
        raise ConfigurationError(f"{deployment.running.name} is still running; say how it ended first")
    if deployment.next_phase is not None:
        raise ConfigurationError(f"{deployment.next_phase.name} is {deployment.next_phase.status}; it comes first")
    require_open(deployment, now)
    return [NewEvent(kind=EventKind.WENT_LIVE, by=by)]


def finish_recovery(deployment: Deployment, by: str, now: datetime) -> list[NewEvent]:
    """The rollback is over and the recovery was validated. Raises as `go_live` does."""
    _require_open_deployment(deployment)
    if deployment.stage is not Stage.ROLLING_BACK:
        raise ConfigurationError("nobody decided to roll back, so there is no recovery to finish")
    left = [
        one.name for one in deployment.phases.values() if one.status in (PhaseStatus.STARTED, PhaseStatus.COMPLETED)
    ]
    if left:
        raise ConfigurationError(
            f"not rolled back yet: {', '.join(left)}; say so with `deploy phase NAME --as rolled_back`"
        )
    require_open(deployment, now)
    return [NewEvent(kind=EventKind.FINISHED, by=by, detail={"outcome": Outcome.ROLLED_BACK})]


def close(deployment: Deployment, by: str, outcome: Outcome, detail: Mapping[str, Any]) -> list[NewEvent]:
    """It is over: it succeeded, or nobody goes on with it; a rollback ends by `finish_recovery`.

    Raises ConfigurationError where it was over before, or did not go live and is to have succeeded.
    """
    _require_open_deployment(deployment)
    if outcome is Outcome.ROLLED_BACK:
        raise ConfigurationError("a rollback ends through the gate of its recovery")
    if outcome is Outcome.SUCCEEDED and deployment.stage is not Stage.WATCHING:
        stage = deployment.stage.replace("_", " ")
        raise ConfigurationError(f"the deployment {deployment.name} is {stage}; what succeeds has gone live")
    return [NewEvent(kind=EventKind.FINISHED, by=by, detail={**detail, "outcome": outcome})]


def require_open(deployment: Deployment, now: datetime) -> None:
    """The gate that is due may be passed. Raises RefusedError where it is closed, UndecidedError where inconclusive."""
    gate = deployment.due_gate
    if gate is None:
        return
    state = deployment.gate_state(gate, now)
    if state is GateState.OPEN:
        return
    reasons = "; ".join(deployment.gate_reasons(gate, now)[:5])
    told = f"the gate {gate} is {state}: {reasons}. Evaluate it with `portalwatch deploy gate`, or override it there"
    raise RefusedError(told) if state is GateState.CLOSED else UndecidedError(told)


def due_gate(deployment: Deployment) -> Gate:
    """The gate that can be judged now. Raises ConfigurationError, which says why there is none."""
    gate = deployment.due_gate
    if gate is not None:
        return gate
    if deployment.running is not None:
        raise ConfigurationError(f"{deployment.running.name} is running; its gate is due when it has ended")
    raise ConfigurationError(f"no gate is due: the deployment is {deployment.stage.replace('_', ' ')}")


def _phase(deployment: Deployment, name: str) -> Phase:
    phase = deployment.phases.get(name)
    if phase is None:
        raise ConfigurationError(f"there is no phase {name}; there are: {', '.join(deployment.phases)}")
    return phase


def _require_can_be_rolled_back(deployment: Deployment, phase: Phase) -> None:
    if deployment.stage is Stage.WATCHING:
        raise ConfigurationError(f"the deployment {deployment.name} is live; decide first that it is rolled back")
    if phase.status in (PhaseStatus.PENDING, PhaseStatus.ROLLED_BACK):
        raise ConfigurationError(f"{phase.name} is {phase.status}; there is nothing to take back")
    names = list(deployment.phases)
    later = [
        one.name
        for one in deployment.phases.values()
        if names.index(one.name) > names.index(phase.name)
        and one.status in (PhaseStatus.STARTED, PhaseStatus.COMPLETED)
    ]
    if later:
        raise ConfigurationError(f"{later[-1]} came after {phase.name} and is taken back first")


def _require_under_way(deployment: Deployment) -> None:
    _require_open_deployment(deployment)
    if deployment.stage is not Stage.UNDER_WAY:
        raise ConfigurationError(f"the deployment {deployment.name} is {deployment.stage.replace('_', ' ')}")


def _require_open_deployment(deployment: Deployment) -> None:
    if deployment.stage is Stage.FINISHED:
        raise ConfigurationError(f"the deployment {deployment.name} is over: {deployment.outcome}")
