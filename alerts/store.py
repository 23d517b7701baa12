"""What this room needs of whatever keeps its alerts and its outbox."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from alerts.alert import Alert, AlertState
from alerts.link import AcknowledgeLink
from alerts.notification import Attempt, Batch, Delivery
from alerts.silence import Silence
from alerts.transition import Transition
from thresholds.finding import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertEvent:
    """A line of an alert's history. `event` is a Reason, an Outcome, `dead` or `no_recipient`; `by` a person or an
    instance; `detail` the alert's summary, or the redacted error of a delivery.
    """

    alert_id: str
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
    """`open`: alerts that are not resolved, by tier and state. `waiting`: notifications not yet delivered. `due_since`:
    when the step by the clock was due that has been waiting longest, None where none waits.
    """

    open: Mapping[tuple[str, str], int]
    waiting: int
    due_since: datetime | None = None


class AlertStore(Protocol):
    """Alerts. Every change is written together with its history and its notifications, or not at all.

    All methods raise AlertStoreError where the store can't be asked.
    """

    async def record(self, findings: Iterable[Finding], now: datetime) -> list[Transition]:
        """Decide on each finding, the worst of each fingerprint, in one transaction; those that changed something."""
        ...

    async def advance(self, now: datetime) -> list[Transition]:
        """Take the steps by the clock that are due, one an alert."""
        ...

    async def acknowledge(self, alert_id: str, by: str, now: datetime) -> Transition:
        """Stop everything pending. Raises AlertNotFoundError, and AlertClosedError where there is nothing to stop."""
        ...

    async def resolve(self, alert_id: str, by: str, now: datetime) -> Transition:
        """End it by hand. Raises AlertNotFoundError, and AlertClosedError where there is nothing to end."""
        ...

    async def retire(self, series: Collection[str], now: datetime) -> list[Transition]:
        """End the open alerts of all series but these."""
        ...

    async def add_silence(self, silence: Silence, now: datetime) -> list[Transition]:
        """Keep it, and keep quiet what it covers from now on."""
        ...

    async def end_silence(self, silence_id: str, now: datetime) -> Silence:
        """End it now; what it kept quiet is due at once. Raises SilenceNotFoundError."""
        ...

    async def end_silences_of(self, deployment: str, now: datetime) -> list[Silence]:
        """End those that are bound to a deployment."""
        ...

    async def list_silences(self, now: datetime) -> list[Silence]:
        """Those that have not ended, the next to end first."""
        ...

    async def list_alerts(self, states: Collection[AlertState], limit: int = 100) -> list[AlertRecord]:
        """Alerts in these states, the newest first."""
        ...

    async def find_alert(self, alert_id: str) -> AlertRecord | None:
        """One alert, None where no alert has this id."""
        ...

    async def history(self, since: datetime, until: datetime) -> list[AlertEvent]:
        """Everything that happened to all alerts from `since` until before `until`, in order."""
        ...

    async def count(self, now: datetime) -> AlertCounts:
        """How many alerts stand where, and how much waits."""
        ...


class Scope(StrEnum):
    """How much one message tells: one notification, all of one cause, or all that waits."""

    SINGLE = "single"
    CAUSE = "cause"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Burial:
    """A notification was laid with the dead letters and fell to the channel `fallback`, None where nobody is left."""

    channel: str
    fallback: str | None


class Outbox(Protocol):
    """Notifications on their way. A claim is a lease: unconfirmed when it lapses, it is taken up again by anybody.

    All methods raise AlertStoreError where the store can't be asked.
    """

    async def claim(self, channel: str, now: datetime, lease_until: datetime, scope: Scope) -> Batch | None:
        """What the channel's next message tells, None where nothing is due.

        Urgent ones first, then the one that is due longest; with it, as far as the scope allows, what is as urgent.
        Nothing is claimed of an alert of which the channel is being told at this moment: messages keep their order.
        """
        ...

    async def confirm(self, batch: Batch, now: datetime) -> bool:
        """Delivered. False where the lease of one went to another meanwhile: it may arrive twice."""
        ...

    async def give_back(self, batch: Batch, attempt: Attempt, now: datetime, due_at: datetime) -> list[Burial]:
        """Failed, to be tried again then, the last time at its deadline; after it, it falls to the next channel that
        isn't told already, and is tried on as a dead letter.
        """
        ...

    async def give_up_on_unknown(self, now: datetime) -> list[Burial]:
        """Let what waits for a channel that is not configured any more, and is past its deadline, fall to the next."""
        ...

    async def keep_link(self, link: AcknowledgeLink) -> None:
        """Remember a link that is about to be sent."""
        ...

    async def find_link(self, digest: str) -> AcknowledgeLink | None:
        """The link of that hash, None where there is none."""
        ...

    async def prune_links(self, before: datetime) -> None:
        """Forget links that expired before that."""
        ...

    async def use_link(self, digest: str, by: str, now: datetime) -> list[Transition]:
        """Acknowledge what the link stands for and is still in that occurrence. Raises LinkError where nothing is."""
        ...
