"""What happened in a deployment: events that are added and never changed; how it stands is made of nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

# Who is told to have done what the service does by itself.
SERVICE = "portalwatch"


class EventKind(StrEnum):
    """A closed list, because a deployment is read back from it."""

    OPENED = "opened"
    PHASE_STARTED = "phase_started"
    PHASE_COMPLETED = "phase_completed"
    PHASE_FAILED = "phase_failed"
    PHASE_ROLLED_BACK = "phase_rolled_back"
    OPERATION = "operation"
    GATE_JUDGED = "gate_judged"
    GATE_OVERRIDDEN = "gate_overridden"
    GATE_BROKEN = "gate_broken"
    SIGNED_OFF = "signed_off"
    ADVISED = "advised"
    ROLLBACK_DECIDED = "rollback_decided"
    WENT_LIVE = "went_live"
    WATCHED = "watched"
    MESSAGE_SENT = "message_sent"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An event before it has its number. `source` names what it was read from, such as a row of the portal's log: what
    has one is kept once, however often and by whomever it is read.
    """

    kind: EventKind
    by: str
    phase: str = ""
    source: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event as it is kept; `number` counts from 1 within its deployment."""

    number: int
    at: datetime
    kind: EventKind
    by: str
    phase: str
    detail: Mapping[str, Any]
    source: str | None = None
