"""Where a deployment stands, in a sentence for whoever drives it."""

from datetime import datetime

from monitor.deployment.deployment import Deployment, Stage
from thresholds.deployment.gate import GateState


def next_step(deployment: Deployment, now: datetime) -> str:
    """What is to be done next, and how."""
    running, gate = deployment.running, deployment.due_gate
    if deployment.stage is Stage.FINISHED:
        return f"{deployment.name} is over: {deployment.outcome}. `portalwatch deploy report` tells the whole story"
    if deployment.stage is Stage.WATCHING:
        return f"{deployment.name} is live, and watched until {deployment.watched_until:%Y-%m-%d %H:%M} UTC"
    if left := _to_take_back(deployment):
        return (
            f"{left[-1]} is to be rolled back by people; then: `portalwatch deploy phase {left[-1]} --as rolled_back`"
        )
    if running is not None:
        due = running.due_at()
        by_then = "" if due is None else f", expected to end by {due:%Y-%m-%d %H:%M} UTC"
        return f"{running.name} is running{by_then}; then: `portalwatch deploy phase {running.name} --as completed`"
    if gate is not None and (state := deployment.gate_state(gate, now)) is not GateState.OPEN:
        reasons = deployment.gate_reasons(gate, now)
        why = f": {reasons[0]}" if reasons else ""
        return f"The gate {gate} is {state}{why}; evaluate it with `portalwatch deploy gate`"
    if deployment.stage is Stage.ROLLING_BACK:
        return "The recovery is validated: `portalwatch deploy finish` ends the deployment"
    following = deployment.next_phase
    if following is not None:
        return f"{following.name} may start: `portalwatch deploy phase {following.name}`"
    return "All phases are done and the last gate is open: `portalwatch deploy finish` goes live"


def _to_take_back(deployment: Deployment) -> list[str]:
    """After a rollback was decided, the phases that are still there, in order; the last one goes first."""
    if deployment.stage is not Stage.ROLLING_BACK:
        return []
    return [one.name for one in deployment.phases.values() if one.is_running or one.is_done]
