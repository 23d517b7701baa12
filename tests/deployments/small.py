"""Small deployments, read from a few events that no store has."""

from datetime import datetime, timedelta

from monitor.deployment.deployment import Deployment
from monitor.deployment.event import Event, EventKind
from thresholds.deployment.plan import load_shipped_plan

Told = tuple[EventKind, str, dict[str, object]]


def deployment_of(
    now: datetime, *told: Told, plan: str = "migration", every: timedelta = timedelta(hours=1)
) -> Deployment:
    """One that was opened and of which that was told since, every hour one event, the last of them now."""
    opening: dict[str, object] = {
        "plan": load_shipped_plan(plan).model_dump(mode="json"),
        "before": "before-v42",
        "integrity": {},
    }
    events: list[Told] = [(EventKind.OPENED, "", opening), *told]
    begun = now - every * (len(events) - 1)
    return Deployment.read(
        "v42",
        "production",
        [
            Event(number=number, at=begun + every * (number - 1), kind=kind, by="ann", phase=phase, detail=detail)
            for number, (kind, phase, detail) in enumerate(events, start=1)
        ],
    )


def begun(phase: str) -> Told:
    """A phase began."""
    return EventKind.PHASE_STARTED, phase, {}


def completed(phase: str) -> Told:
    """A phase is completed."""
    return EventKind.PHASE_COMPLETED, phase, {}


def judged(phase: str, state: str, *reasons: str, side: str = "after", action: str = "hold") -> Told:
    """A gate was judged by its comparison alone, with that advice."""
    return (
        EventKind.GATE_JUDGED,
        phase,
        {
            "side": side,
            "state": state,
            "conditions": [{"condition": "comparison", "state": state, "reasons": list(reasons)}],
            "advice": {"action": action, "reason": "", "rollback_tier": None},
        },
    )


def waiting_at_a_gate(now: datetime) -> Deployment:
    """The gate after the first phase is closed."""
    first = "pre_migration"
    return deployment_of(now, begun(first), completed(first), judged(first, "closed", "an index is gone"))


def running_a_phase(now: datetime) -> Deployment:
    """The second phase runs."""
    first = "pre_migration"
    return deployment_of(now, begun(first), completed(first), judged(first, "open"), begun("phase_1"))
