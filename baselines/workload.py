"""What a database did between two looks at its counters, statement by statement."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from baselines.series import Series

# What every statement is judged as: by the customer's figures for queries.
STATEMENT = Series("database_queries.statement")


@dataclass(frozen=True, slots=True)
class StatementText:
    """A statement by its normal form, whatever id a server gives it at the moment.

    `key` is made of the normal form, and all that counts; `text` is one spelling of it, without constants, and cut
    where it is very long. `writes`: it changes or locks rows, so no probe may send it.
    """

    key: str
    text: str = field(compare=False)
    writes: bool = field(compare=False)


@dataclass(frozen=True, slots=True)
class Usage:
    """How often something was carried out, for how many seconds in all, with how many rows in all."""

    calls: int
    seconds: float
    rows: int

    @property
    def mean(self) -> float:
        """Seconds a call; there must be one."""
        return self.seconds / self.calls

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(self.calls + other.calls, self.seconds + other.seconds, self.rows + other.rows)


NOTHING = Usage(0, 0.0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadBin:
    """What the portal's statements took between two readings. `database` is the name of the target.

    `statements` are those that took most of the time; all else, what has no plan included, is in `other`.
    """

    database: str
    started_at: datetime
    finished_at: datetime
    statements: Mapping[StatementText, Usage]
    other: Usage = NOTHING

    @property
    def hours(self) -> float:
        """How long it is."""
        return (self.finished_at - self.started_at).total_seconds() / 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadGap:
    """Why a database did not tell what it did: a sentence with what to do about it."""

    database: str
    at: datetime
    reason: str
