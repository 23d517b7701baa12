"""All that is known of alerts, in one value that fits into a file."""

from dataclasses import dataclass, field

from pydantic import TypeAdapter

from alerts.alert import Alert, AlertState
from alerts.link import AcknowledgeLink
from alerts.notification import Delivery
from alerts.silence import Silence
from alerts.store import AlertEvent


@dataclass(slots=True)
class Book:
    """Alerts by id: those that are open, and of each fingerprint the latest one that ended.

    Deliveries are by the key of their notification, links by the hash of their token, silences by id. What the store
    does not know yet: `changed` are the ids of alerts that were decided here, `settled` the keys of deliveries,
    `events` what happened.
    """

    alerts: dict[str, Alert] = field(default_factory=dict)
    deliveries: dict[str, Delivery] = field(default_factory=dict)
    silences: dict[str, Silence] = field(default_factory=dict)
    links: dict[str, AcknowledgeLink] = field(default_factory=dict)
    events: list[AlertEvent] = field(default_factory=list)
    changed: set[str] = field(default_factory=set)
    settled: set[str] = field(default_factory=set)

    def open_alerts(self) -> list[Alert]:
        """Those that are not resolved, in the order of their fingerprints."""
        return sorted(
            (one for one in self.alerts.values() if one.state is not AlertState.RESOLVED),
            key=lambda one: one.fingerprint,
        )

    def latest(self, fingerprint: str) -> Alert | None:
        """The alert of a fingerprint that opened last."""
        found = [one for one in self.alerts.values() if one.fingerprint == fingerprint]
        return max(found, key=lambda one: one.opened_at, default=None)

    def to_json(self) -> bytes:
        """The whole book as JSON."""
        return _BOOK.dump_json(self)

    @classmethod
    def from_json(cls, text: bytes) -> "Book":
        """The book of `to_json`. Raises ValueError for anything else."""
        return _BOOK.validate_json(text)


_BOOK = TypeAdapter(Book)
