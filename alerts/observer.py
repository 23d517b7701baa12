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

    def failed(self, loop: str) -> None:
        """A round of a loop (a channel's name, or `steps`) failed, because the store is away for instance."""
        ...
