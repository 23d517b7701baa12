"""What a message means to a service that keeps incidents: which one it speaks of, and what becomes of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

NAME_LENGTH = 100


class IncidentAction(StrEnum):
    """What becomes of an incident. Recorded: opened and closed again, for an alert that fired and cleared before the
    service had heard of it; a mere end of what it does not know would be dropped.
    """

    TRIGGER = "trigger"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"
    RECORD = "record"

    @property
    def steps(self) -> "tuple[IncidentAction, ...]":
        """What the service is told, in order; each of them is one that it knows."""
        return (IncidentAction.TRIGGER, IncidentAction.RESOLVE) if self is IncidentAction.RECORD else (self,)


@dataclass(frozen=True, slots=True)
class Incident:
    """The incident of an alert: it has the alert's id there as well. `source` is what is broken, a series or a host."""

    alert_id: str
    action: IncidentAction
    source: str


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Somebody has an alert in hand there, or ended its incident. `by` is a name and the service's.

    `at` is when, by the service's clock (None: it did not say). An acknowledgement that was there before the alert
    re-opened is reported again at each asking: only one that is newer counts.
    """

    alert_id: str
    by: str
    at: datetime | None


_current: ContextVar[Incident | None] = ContextVar("incident", default=None)


@contextmanager
def speaking_of(incident: Incident | None) -> Iterator[None]:
    """What plugins send within it is about that incident; None: about no alert.

    Apprise hands a plugin nothing but title, body and tone, and calls of one plugin run side by side: so it is neither
    an argument nor an attribute. It holds for the thread, and for those that Apprise starts for the call.
    """
    token = _current.set(incident)
    try:
        yield
    finally:
        _current.reset(token)


def current_incident() -> Incident | None:
    """The incident that the running call is about."""
    return _current.get()


def name_of(person: str | None, service: str) -> str:
    """Who it was, for the history: `Ada (PagerDuty)` in one line, `PagerDuty` where nobody is named."""
    name = " ".join((person or "").split())[:NAME_LENGTH]
    return f"{name} ({service})" if name else service
