"""What this room needs of whatever keeps its alerts and its outbox."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from alerts.alert import Alert, AlertState
from alerts.notification import Attempt, Claim, Delivery
from alerts.policy import Transition
from thresholds.finding import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertEvent:
    """A line of an alert's history. `event` is a Reason, an Outcome, `dead` or `no_recipient`; `by` a person or an
    instance; `detail` the alert's summary, or the redacted error of a delivery.
    """

    at: datetime
    event: str
    tier: str
    channel: str | None
    by: str | None
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRecord:
    """An alert with what was queued for it and what happened to it, both in the order of time."""

    alert: Alert
    deliveries: Sequence[Delivery]
    events: Sequence[AlertEvent]


@dataclass(frozen=True, slots=True)
class AlertCounts:
    """`open`: alerts that are not resolved, by tier and state. `waiting`: notifications not yet delivered."""

    open: Mapping[tuple[str, str], int]
    waiting: int


class AlertStore(Protocol):
    """Alerts. Every change is written together with its history and its messages, or not at all.

    All methods raise AlertStoreError where the store can't be asked.
    """

    async def record(self, findings: Iterable[Finding], now: datetime) -> list[Transition]:
        """Decide on each finding, the worst of each fingerprint, in one transaction; those that changed something."""
        ...

    async def advance(self, now: datetime) -> list[Transition]:
        """Take the steps by the clock that are due and that no other process has in hand, one an alert."""
        ...

    async def acknowledge(self, alert_id: str, by: str, now: datetime) -> Transition:
        """Stop everything pending. Raises AlertNotFoundError, and AlertClosedError where there is nothing to stop."""
        ...

    async def list_alerts(self, states: Collection[AlertState], limit: int = 100) -> list[AlertRecord]:
        """Alerts in these states, the newest first."""
        ...

    async def count(self) -> AlertCounts:
        """How many alerts stand where, and how much waits."""
        ...

    async def find_alert(self, alert_id: str) -> AlertRecord | None:
        """One alert, None where no alert has this id."""
        ...


@dataclass(frozen=True, slots=True)
class Burial:
    """A message was given up on; `fallback` is the channel it went to, None where nobody is left."""

    fallback: str | None


class Outbox(Protocol):
    """Messages on their way. A claim is a lease: unconfirmed when it lapses, it is taken up again by anybody.

    All methods raise AlertStoreError where the store can't be asked.
    """

    async def claim(self, channel: str, now: datetime, lease_until: datetime) -> Claim | None:
        """The message of the channel that is due longest, None where none is due."""
        ...

    async def confirm(self, claim: Claim, now: datetime) -> bool:
        """Delivered. False where the lease went to another meanwhile: the message may arrive twice."""
        ...

    async def retry(self, claim: Claim, attempt: Attempt, now: datetime, due_at: datetime) -> bool:
        """Failed, to be tried again then. False where the message is not this claim's any more."""
        ...

    async def bury(self, claim: Claim, attempt: Attempt, now: datetime) -> Burial | None:
        """Failed for good: lay it with the dead letters and queue it for the next fallback that isn't told already.

        None where the message is not this claim's any more.
        """
        ...
