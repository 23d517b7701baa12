"""An alert: one fault of one series, from the first bad evaluation to the end."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from baselines.series import Unit
from thresholds.finding import Level, Rule


class AlertState(StrEnum):
    """Where an alert stands.

    Pending: bad, but not often enough in a row for anybody to be told. Exhausted: everybody on the ladder was told, and
    nobody has acknowledged. Silenced: somebody asked for silence; inhibited: a graver alert speaks for it.
    """

    PENDING = "pending"
    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    EXHAUSTED = "exhausted"
    SILENCED = "silenced"
    INHIBITED = "inhibited"
    RESOLVED = "resolved"


# Somebody is told again and again, until somebody says that they have it in hand.
UNANSWERED = (AlertState.FIRING, AlertState.EXHAUSTED)
# Of these it is known that something is broken, whoever was told.
STANDING = (*UNANSWERED, AlertState.ACKNOWLEDGED, AlertState.SILENCED, AlertState.INHIBITED)
OPEN = (AlertState.PENDING, *STANDING)

# From so many returns in a row on, each shortly after the end before it, a fault flaps.
FLAPPING = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """The stored state of an alert; every change makes a new one.

    `level` is the worst there was evidence of: it rises and never falls while the alert is open, so that a figure that
    swings around its critical limit tells once. `value`, `value_limit`, `summary` and `action` are those last seen, in
    base units (ratios for the baseline rule). `bad_count`, `critical_count` and `good_count` count consecutive
    evaluations, `good_since` is when the good ones began. `occurrence` and `step` make the sequence of what was told.
    `channels` is everybody who was told. `target` is what its probe looks at, None for this host. `flaps`: how often in
    a row the fault came back shortly after its end. `muted_by`: the silence or the alert that keeps it quiet, an id.

    Instants: `opened_at` first bad evaluation, `fired_at` first notification, `escalates_at` and `reminds_at` the steps
    ahead while nobody has answered, `acknowledged_until` when an acknowledgement stops counting, `muted_until` when the
    silence ends.
    """

    id: str
    fingerprint: str
    series: str
    route: str
    rule: Rule
    unit: Unit
    opened_at: datetime
    level: Level
    tier: str
    state: AlertState
    summary: str
    value: float | None
    value_limit: float | None
    action: str | None
    bad_count: int
    critical_count: int
    good_count: int
    occurrence: int
    step: int
    channels: tuple[str, ...]
    updated_at: datetime
    target: str | None = None
    flaps: int = 0
    good_since: datetime | None = None
    fired_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    acknowledged_until: datetime | None = None
    resolved_at: datetime | None = None
    escalates_at: datetime | None = None
    reminds_at: datetime | None = None
    muted_by: str | None = None
    muted_until: datetime | None = None

    @property
    def is_flapping(self) -> bool:
        """Whether the fault has come back so often that it is one which lasts."""
        return self.flaps >= FLAPPING

    @property
    def was_told(self) -> bool:
        """Whether anybody has heard of it."""
        return self.occurrence > 0

    @property
    def duration_seconds(self) -> float:
        """From the first bad evaluation to the end, or to the latest evaluation while it is open."""
        return ((self.resolved_at or self.updated_at) - self.opened_at).total_seconds()


def alert_id(fingerprint: str, previous: str) -> str:
    """The id of the alert of a fingerprint that comes after the alert `previous` ("" for the first): 12 hex digits.

    A function of both, so that instances which can't reach the store give one fault one id, and a receiver can
    collapse what they send.
    """
    return hashlib.sha256(f"{fingerprint} {previous}".encode()).hexdigest()[:12]
