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
    EXHAUSTED = "exhausted"
    REMINDED = "reminded"
    SILENCED = "silenced"
    UNSILENCED = "unsilenced"
    INHIBITED = "inhibited"
    RETIRED = "retired"

    @property
    def is_urgent(self) -> bool:
        """Whether it is the first that its readers hear of the alert: such a message overtakes all others."""
        return self not in (Reason.REMINDED, Reason.EXHAUSTED, Reason.RESOLVED, Reason.RETIRED)

    @property
    def waits_for_others(self) -> bool:
        """Whether its message waits for others of its cause: what begins or ends, and no step of the ladder."""
        return self in (Reason.FIRED, Reason.RAISED, Reason.UNSILENCED, Reason.RESOLVED, Reason.RETIRED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """What a channel is to be told: tried from `due_at` until `deadline_at`, then it falls to `fallbacks` in turn.

    `origin` is the channel it was meant for first. Notifications of one `group` have one cause and may be told in one
    message.
    """

    alert_id: str
    channel: str
    origin: str
    reason: Reason
    occurrence: int
    step: int
    group: str
    due_at: datetime
    deadline_at: datetime
    fallbacks: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What makes two notifications the same: queued once, however often and by whomever it is asked for."""
        return f"{self.alert_id}:{self.occurrence}:{self.step}:{self.reason}:{self.channel}"


class DeliveryState(StrEnum):
    """Where a notification stands.

    Delivered: the channel confirmed it. Stopped: acknowledged, resolved, silenced or overtaken by a newer one before
    that. Dead: its deadline passed, and another channel delivered it.
    """

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
    """A row of the outbox. `attempts` counts claims; `last_error` is redacted; `settled_at` is set in an end state.

    `fallen_at`: when its deadline passed and it was laid with the dead letters. Those are tried on, once a minute, for
    as long as no other channel has delivered what they say.
    """

    id: int
    notification: Notification
    state: DeliveryState
    attempts: int
    leased_by: str | None
    lease_until: datetime | None
    settled_at: datetime | None
    last_error: str
    fallen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A notification this instance may send until its lease lapses, and the alert it speaks of.

    `is_first`: the channel has not confirmed anything of this alert yet.
    """

    delivery: Delivery
    alert: Alert
    is_first: bool = True


@dataclass(frozen=True, slots=True)
class Batch:
    """What one message tells: at least one claim, all of one channel, claimed together."""

    claims: tuple[Claim, ...]

    @property
    def notifications(self) -> tuple[Notification, ...]:
        """What is told, in the order in which it was claimed."""
        return tuple(one.delivery.notification for one in self.claims)
