"""An alert: one fault of one series, from the first bad evaluation to the end."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from baselines.series import Unit
from thresholds.finding import Level, Rule


class AlertState(StrEnum):
    """Where an alert stands. Pending: bad, but not often enough in a row for anybody to be told."""

    PENDING = "pending"
    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """The stored state of an alert; every change makes a new one.

    `level` is the worst there was evidence of: it rises and never falls while the alert is open, so that a figure that
    swings around its critical limit tells once. `value`, `value_limit`, `summary` and `action` are those last seen, in
    base units (ratios for the baseline rule). `bad_count`, `critical_count` and `good_count` count consecutive
    evaluations. `occurrence` and `step` make the sequence of what was told. `channels` is everybody who was told.

    Instants: `opened_at` first bad evaluation, `fired_at` first notification, `escalates_at` and `reminds_at` the steps
    ahead while firing, `acknowledged_until` when an acknowledgement stops counting.
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
    fired_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    acknowledged_until: datetime | None = None
    resolved_at: datetime | None = None
    escalates_at: datetime | None = None
    reminds_at: datetime | None = None

    @property
    def duration_seconds(self) -> float:
        """From the first bad evaluation to the end, or to the latest evaluation while it is open."""
        return ((self.resolved_at or self.updated_at) - self.opened_at).total_seconds()


def alert_id(fingerprint: str, opened_at: datetime) -> str:
    """The id of the alert of a fingerprint that opens at that instant: 12 hexadecimal digits.

    A function of both, so that instances which can't reach the store give one fault one id, and a receiver can
    collapse what they send.
    """
    return hashlib.sha256(f"{fingerprint} {opened_at.isoformat()}".encode()).hexdigest()[:12]
