"""How a deployment stands in one word, and why: pure, on what happened so far."""

from datetime import datetime, timedelta

from dashboards.deployment.wording import duration
from monitor.deployment.deployment import Deployment, Stage
from monitor.deployment.phase import Phase, PhaseStatus
from thresholds.deployment.gate import GateState
from thresholds.deployment.standing import Standing


def standing_of(deployment: Deployment, now: datetime) -> Standing:
    """ISSUES where `issues` names one, DELAYED where `delays` does, else ON TRACK."""
    if issues(deployment, now):
        return Standing.ISSUES
    return Standing.DELAYED if delays(deployment, now) else Standing.ON_TRACK


def issues(deployment: Deployment, now: datetime) -> list[str]:
    """What speaks against the deployment, a sentence each.

    - a rollback was decided
    - a phase failed, or an operation of one that was not taken back did and was not carried out since
    - the gate that is due is closed
    - the last hour of the watch was degraded
    """
    found = []
    if deployment.rollback is not None:
        found.append(f"{deployment.rollback.by} decided to roll back: {deployment.rollback.reason}")
    for one in deployment.phases.values():
        if one.status is PhaseStatus.FAILED:
            found.append(f"{one.name} failed")
        if one.failed_operations and one.status is not PhaseStatus.ROLLED_BACK:
            count = one.failed_operations
            found.append(f"{count} operation{'s' if count > 1 else ''} of {one.name} failed")
    gate = deployment.due_gate
    if gate is not None and deployment.gate_state(gate, now) is GateState.CLOSED:
        found.append(f"the gate {gate} is closed")
    if deployment.stage is Stage.WATCHING and deployment.watched and deployment.watched[-1]["verdict"] == "degraded":
        found.append("the last hour that was watched is degraded")
    return found


def delays(deployment: Deployment, now: datetime) -> list[str]:
    """What makes it late, a sentence each.

    - the running phase is over the longest that was expected of it
    - so are the completed ones in sum: what one took too long, others may make up by being done before their longest
    - the window is over, and it is not live or was not before
    """
    found = []
    running = deployment.running
    if running is not None and running.is_overdue(now):
        found.append(f"{running.name} is overdue by {_told(_over(running, now))}")
    late = sum((_over(one, now) for one in deployment.phases.values() if one.is_done), timedelta())
    if late > timedelta():
        found.append(f"the completed phases took {_told(late)} longer than the longest expected of them together")
    until = deployment.opened_at + deployment.plan.window
    if deployment.rollback is None and (deployment.live_at or deployment.finished_at or now) > until:
        found.append(f"the window ended at {until:%Y-%m-%d %H:%M} UTC")
    return found


def _over(phase: Phase, now: datetime) -> timedelta:
    """How far it is over its longest; negative where it was done before."""
    return (phase.elapsed(now) or timedelta()) - phase.plan.longest


def _told(late: timedelta) -> str:
    return duration(late.total_seconds())
