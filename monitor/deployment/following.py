"""Phases that follow the portal's own `migration_log`: what its rows say, each kept once."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from monitor.deployment.deployment import Deployment, Stage
from monitor.deployment.event import EventKind, NewEvent
from monitor.deployment.phase import Phase, PhaseStatus
from probes.deployment.migration_log import LoggedOperation
from thresholds.deployment.gate import GateState

# Who is told to have done what the log says.
BY = "migration_log"


def follow(deployment: Deployment, logged: Sequence[LoggedOperation], now: datetime) -> list[NewEvent]:
    """The events that the rows tell and that are not kept yet, in the order of the log.

    - a row of a phase of the plan begins it, where it is not running; that its gate was not open then is kept with it,
      since what has happened can't be refused
    - where the phase has failed or was taken back, only what began after that begins it again, or the operation that
      failed: the rest of an attempt that is over is no further one
    - failed: the phase failed; rolled back: it was taken back
    - completed: the phase is over once each of the operations that the plan lists has completed since it was taken back
      last, or this one where it lists none

    A row is known by its id, the instant it began and its status: a log that was dropped and made again starts anew.
    """
    found: list[NewEvent] = []
    known = {one.source for one in deployment.events if one.source}
    for row in logged:
        if row.phase not in deployment.plan.phases or row.started_at < deployment.opened_at:
            continue
        if deployment.stage not in (Stage.UNDER_WAY, Stage.ROLLING_BACK) or _source(row) in known:
            continue
        new = list(_events(deployment, row, now))
        deployment = deployment.after(new, now)
        found += new
    return found


def follow_away(deployment: Deployment) -> list[NewEvent]:
    """The log is gone, as it is once its first phase was taken back: in a rollback, so is each phase it told of."""
    if deployment.stage is not Stage.ROLLING_BACK:
        return []
    return [
        NewEvent(
            kind=EventKind.PHASE_ROLLED_BACK,
            by=BY,
            phase=one.name,
            source=f"{BY}:gone:{one.name}:{one.attempts}:end",
        )
        for one in reversed(told_by_log(deployment))
    ]


def told_by_log(deployment: Deployment) -> list[Phase]:
    """The phases that began by the log and of which nobody has said yet that they were taken back."""
    begun = {one.phase for one in deployment.events if one.kind is EventKind.PHASE_STARTED and one.by == BY}
    return [one for one in deployment.phases.values() if one.name in begun and (one.is_running or one.is_done)]


def log_is_gone(deployment: Deployment, logged: Sequence[LoggedOperation] | None) -> str:
    """Why nothing is followed any more where a log told of phases and is not there; empty else."""
    told = told_by_log(deployment)
    if logged is not None or not told or deployment.stage is not Stage.UNDER_WAY:
        return ""
    names = ", ".join(one.name for one in told)
    return f"it is gone, and told of {names}; `portalwatch deploy phase NAME --as rolled_back` says what was taken back"


def _events(deployment: Deployment, row: LoggedOperation, now: datetime) -> Iterator[NewEvent]:
    source, phase = _source(row), deployment.phases[row.phase]
    status = PhaseStatus(row.status)
    begins = status is not PhaseStatus.ROLLED_BACK and _begins(phase, row)
    if begins:
        detail = {"started_at": row.started_at.isoformat(), "ungated": _is_ungated(deployment, row)}
        yield NewEvent(kind=EventKind.PHASE_STARTED, by=BY, phase=phase.name, source=f"{source}:start", detail=detail)
    operation = {
        "name": row.operation,
        "status": status,
        "seconds": row.seconds,
        "rows": row.rows,
        "error": row.error or "",
    }
    yield NewEvent(kind=EventKind.OPERATION, by=BY, phase=phase.name, source=source, detail=operation)
    end = _end(deployment, row, status, runs=begins or phase.is_running)
    if end is not None:
        ended = {"ended_at": (row.finished_at or now).isoformat()}
        yield NewEvent(kind=end, by=BY, phase=phase.name, source=f"{source}:end", detail=ended)


def _begins(phase: Phase, row: LoggedOperation) -> bool:
    if not phase.can_start or phase.ended_at is None:
        return phase.can_start
    failed = {one.name for one in phase.operations if one.status is PhaseStatus.FAILED}
    return row.started_at >= phase.ended_at or (phase.status is PhaseStatus.FAILED and row.operation in failed)


def _is_ungated(deployment: Deployment, row: LoggedOperation) -> bool:
    """Whether it would have been refused, had anybody asked when it began: the service may have been away since."""
    following, gate = deployment.next_phase, deployment.due_gate
    if following is None or following.name != row.phase:
        return True
    return gate is not None and deployment.gate_state(gate, row.started_at) is not GateState.OPEN


def _end(deployment: Deployment, row: LoggedOperation, status: PhaseStatus, *, runs: bool) -> EventKind | None:
    """What the row ends the phase with, None where it goes on or was over before."""
    phase = deployment.phases[row.phase]
    if status is PhaseStatus.ROLLED_BACK:
        taken_back = phase.status not in (PhaseStatus.PENDING, PhaseStatus.ROLLED_BACK)
        return EventKind.PHASE_ROLLED_BACK if taken_back else None
    if not runs:
        return None
    if status is PhaseStatus.FAILED:
        return EventKind.PHASE_FAILED
    if status is not PhaseStatus.COMPLETED:
        return None
    completed = _completed(deployment, row.phase) | {row.operation}
    return EventKind.PHASE_COMPLETED if completed >= set(phase.plan.operations) else None


def _completed(deployment: Deployment, phase: str) -> set[str]:
    """The operations whose work is there: completed, and not taken back since."""
    completed: set[str] = set()
    for event in deployment.events:
        if event.phase != phase:
            continue
        if event.kind is EventKind.PHASE_ROLLED_BACK:
            completed.clear()
        elif event.kind is EventKind.OPERATION and event.detail["status"] == PhaseStatus.COMPLETED:
            completed.add(event.detail["name"])
    return completed


def _source(row: LoggedOperation) -> str:
    return f"{BY}:{row.id}:{row.started_at.isoformat()}:{row.status}"
