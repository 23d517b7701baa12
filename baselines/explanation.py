"""What may stand beside a verdict as its cause: found in figures, told in one sentence, never guessed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class ExplanationKind(StrEnum):
    """A closed list, so that scripts can tell causes apart."""

    INDEX_GONE = "index_gone"
    INDEX_INVALID = "index_invalid"
    PLAN_CHANGE = "plan_change"
    STATISTICS_STALE = "statistics_stale"
    SETTING_CHANGED = "setting_changed"
    PARAMETERS_CHANGED = "parameters_changed"
    ROWS_GROWN = "rows_grown"
    LOCK_WAIT = "lock_wait"
    POOL_EXHAUSTED = "pool_exhausted"
    ERROR_RATE = "error_rate"
    PHASE_MOVED = "phase_moved"
    HOST_BUSIER = "host_busier"
    EVERYTHING_SLOWER = "everything_slower"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Explanation:
    """One cause with its evidence. `summary` is a sentence; `figures` are what it rests on, by name, in base units;
    `details` are further lines for who wants to see for themselves, such as the difference of two plans.
    """

    kind: ExplanationKind
    summary: str
    figures: Mapping[str, float] = field(default_factory=dict)
    details: Sequence[str] = ()
