"""A phase of a deployment as it went."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from thresholds.deployment.plan import PhasePlan


class PhaseStatus(StrEnum):
    """Where a phase stands; the words of the customer's operations, and one for what has not begun."""

    PENDING = "pending"
    STARTED = "started"
    COMPLETED = "completed"
    FAILED = "failed"
    ROLLED_BACK = "rolled_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A line of the portal's own log. `error` is short and free of values."""

    name: str
    status: PhaseStatus
    seconds: float | None = None
    rows: int | None = None
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A phase now. `attempts` counts how often it was started; `ungated`: it began although its gate was not open, as
    what follows the portal's log can't prevent.
    """

    name: str
    plan: PhasePlan
    status: PhaseStatus = PhaseStatus.PENDING
    started_at: datetime | None = None
    ended_at: datetime | None = None
    by: str = ""
    attempts: int = 0
    ungated: bool = False
    operations: tuple[Operation, ...] = ()

    @property
    def is_running(self) -> bool:
        """Whether it has begun and not ended."""
        return self.status is PhaseStatus.STARTED

    @property
    def is_done(self) -> bool:
        """Whether the next one may follow."""
        return self.status is PhaseStatus.COMPLETED

    @property
    def can_start(self) -> bool:
        """Whether it could be begun, for the first time or again."""
        return self.status in (PhaseStatus.PENDING, PhaseStatus.FAILED, PhaseStatus.ROLLED_BACK)

    def elapsed(self, now: datetime) -> timedelta | None:
        """How long it has run or ran, None before it began."""
        return None if self.started_at is None else (self.ended_at or now) - self.started_at

    def is_overdue(self, now: datetime) -> bool:
        """Whether it takes or took longer than the longest that was expected."""
        elapsed = self.elapsed(now)
        return elapsed is not None and elapsed > self.plan.longest

    def due_at(self) -> datetime | None:
        """When it should be over, None before it began."""
        return None if self.started_at is None else self.started_at + self.plan.longest

    @property
    def failed_operations(self) -> int:
        """How many operations of the portal's log failed in it and were not carried out since."""
        latest = {one.name: one.status for one in self.operations}
        return sum(status is PhaseStatus.FAILED for status in latest.values())
