"""What this room tells whoever counts."""

from typing import Protocol

from alerts.notification import Outcome, Reason


class AlertObserver(Protocol):
    """Labels come from closed lists and from the configuration; the calls must neither block nor raise."""

    def changed(self, reason: Reason, tier: str, late_seconds: float) -> None:
        """An alert changed; `late_seconds` after it should have, for a step by the clock (else 0)."""
        ...

    def delivered(self, channel: str, outcome: Outcome, seconds: float) -> None:
        """One attempt at a channel ended like this, after that long."""
        ...

    def delivered_late(self, channel: str) -> None:
        """A call that was given up on delivered after all: the message, which is tried again, arrives twice."""
        ...

    def lease_lost(self, channel: str) -> None:
        """A message was sent by a claim that had lapsed meanwhile: it may arrive twice."""
        ...

    def dead_lettered(self, channel: str, fallback: str | None) -> None:
        """A message was given up on, and fell to that channel (None: to nobody)."""
        ...

    def merged(self, channel: str, notifications: int) -> None:
        """One message told so many notifications at once."""
        ...

    def acknowledged(self, tier: str, seconds: float) -> None:
        """Somebody acknowledged, so long after the alert fired."""
        ...

    def overdue(self, seconds: float) -> None:
        """The escalation or reminder that is due longest has been waiting so long; 0 where none waits."""
        ...

    def heartbeat(self, ok: bool) -> None:
        """The dead-man signal was sent, or could not be."""
        ...

    def standing_by(self, on: bool) -> None:
        """Alerts are decided and delivered without the store, or with it again."""
        ...

    def failed(self, loop: str) -> None:
        """A round of a loop (a channel's name, or `steps`) failed, because the store is away for instance."""
        ...
