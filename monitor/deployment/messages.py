"""The messages of a deployment, filled from what is known of it; what only a person knows is given, or stays blank."""

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from alerts import Announced, EmergencyNotice, RunningActivity, StatusUpdate, UpcomingActivity
from monitor.deployment.deployment import Deployment
from monitor.deployment.event import EventKind, NewEvent
from monitor.deployment.phase import Phase
from monitor.deployment.standing import delays, issues, standing_of

# What comes next is told as far as anybody plans: the next two phases.
_AHEAD = 2


def status_update(deployment: Deployment, now: datetime, *, mitigation: str | None = None) -> StatusUpdate:
    """How it stands, for stakeholders. `mitigation` is for a person to say where there are issues."""
    plan = deployment.plan
    day = deployment.day(now)
    return StatusUpdate(
        deployment=f"{deployment.name} ({plan.title})",
        at=now,
        day=day,
        days=max(day, math.ceil(plan.window_seconds / 86400)),  # one that is late has more days than its window
        standing=standing_of(deployment, now),
        completed=tuple(_told(one) for one in deployment.phases.values() if one.is_done),
        running=tuple(_running(deployment, now)),
        upcoming=tuple(_upcoming(deployment, now)),
        issues=(*issues(deployment, now), *delays(deployment, now)),
        mitigation=mitigation,
        next_update_at=now + timedelta(seconds=plan.status_update_seconds),
        contact=plan.contacts.name or None,
    )


def emergency_notice(
    deployment: Deployment,
    now: datetime,
    *,
    issue: str | None = None,
    impact: str | None = None,
    action_taken: str | None = None,
    expected_resolution: str | None = None,
) -> EmergencyNotice:
    """What is wrong, for everybody. The issue is what is known of it where nobody says it in other words; a rollback
    that was decided is an action, and its time limit the resolution."""
    rollback = deployment.rollback
    known = "; ".join(issues(deployment, now)) or None
    if action_taken is None and rollback is not None:
        action_taken = f"{rollback.by} decided to roll back: {rollback.reason}"
    if expected_resolution is None and rollback is not None and rollback.within is not None:
        expected_resolution = f"{rollback.at + rollback.within:%Y-%m-%d %H:%M} UTC, by the rollback"
    return EmergencyNotice(
        deployment=f"{deployment.name} ({deployment.plan.title})",
        at=now,
        issue=issue or known,
        impact=impact,
        action_taken=action_taken,
        expected_resolution=expected_resolution,
        contact=deployment.plan.contacts.name or None,
    )


def sent_event(kind: str, told: dict[str, Announced], by: str, slot: int | None = None) -> NewEvent:
    """That a message was sent, and who has it. `slot` numbers the regular ones, of which each counts once."""
    detail: dict[str, Any] = {
        "kind": kind,
        "channels": sorted({one.channel for one in told.values() if one.channel is not None}),
        "failed": sorted(name for name, one in told.items() if one.channel is None),
    }
    source = None if slot is None else f"{kind}:{slot}"
    return NewEvent(kind=EventKind.MESSAGE_SENT, by=by, source=source, detail=detail)


def _running(deployment: Deployment, now: datetime) -> Iterator[RunningActivity]:
    running = deployment.running
    if running is not None and running.started_at is not None:
        pace = "overdue" if running.is_overdue(now) else "on time"
        yield RunningActivity(name=_told(running), since=running.started_at, pace=pace)


def _upcoming(deployment: Deployment, now: datetime) -> Iterator[UpcomingActivity]:
    """The next phases, each expected to take its longest after the one before."""
    running = deployment.running
    at = now if running is None else max(now, running.due_at() or now)
    ahead = [one for one in deployment.phases.values() if one.can_start]
    for one in ahead[:_AHEAD]:
        at += one.plan.longest
        yield UpcomingActivity(name=_told(one), expected_at=at)


def _told(phase: Phase) -> str:
    return f"{phase.name}: {phase.plan.title}"
