"""A notification: one message to one channel, and its row in the outbox."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from alerts.alert import Alert


class Reason(StrEnum):
    """Why an alert changed: a closed list, because it is a metric label, a line of history and a part of a key."""

    PENDING = "pending"
    CLEARED = "cleared"
    FIRED = "fired"
    RAISED = "raised"
    UNCHANGED = "unchanged"
    RECOVERING = "recovering"
    RESOLVED = "resolved"
    ACKNOWLEDGED = "acknowledged"
    REOPENED = "reopened"
    ESCALATED = "escalated"
    REMINDED = "reminded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """What a channel is to be told: tried from `due_at` until `deadline_at`, then it falls to `fallbacks` in turn."""

    alert_id: str
    channel: str
    reason: Reason
    occurrence: int
    step: int
    due_at: datetime
    deadline_at: datetime
    fallbacks: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What makes two notifications the same: queued once, however often and by whomever it is asked for."""
        return f"{self.alert_id}:{self.occurrence}:{self.step}:{self.reason}:{self.channel}"


class DeliveryState(StrEnum):
    """Where a message stands. Delivered: the channel confirmed it. Stopped: acknowledged or resolved before that."""

    PENDING = "pending"
    LEASED = "leased"
    DELIVERED = "delivered"
    STOPPED = "stopped"
    DEAD = "dead"


class Outcome(StrEnum):
    """How one attempt at a channel ended; all but `delivered` are failures and are tried again."""

    DELIVERED = "delivered"
    FAILED = "failed"
    PARTIAL = "partial"
    NOTHING_MATCHED = "nothing_matched"
    TIMEOUT = "timeout"
    STUCK = "stuck"


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one call of a channel ended. `error` is redacted and short; empty where it was delivered."""

    outcome: Outcome
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A row of the outbox. `attempts` counts claims; `last_error` is redacted; `settled_at` is set in an end state."""

    id: int
    notification: Notification
    state: DeliveryState
    attempts: int
    leased_by: str | None
    lease_until: datetime | None
    settled_at: datetime | None
    last_error: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A message this instance may send until its lease lapses, and the alert it speaks of."""

    delivery: Delivery
    alert: Alert
