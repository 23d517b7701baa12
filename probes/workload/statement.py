"""What a database did since its statistics were reset, statement by statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from probes.workload.sql_text import Nature, nature, normal_form


@dataclass(frozen=True)
class Statement:
    """One statement of the portal. `queryid` is the server's own identity for it, good for this moment only.

    `seconds` is the execution time of all its calls; constants in `text` are `$n`.
    """

    queryid: int
    text: str
    calls: int
    seconds: float

    @cached_property
    def nature(self) -> Nature:
        """Whether it reads or writes."""
        return nature(self.text)

    @cached_property
    def form(self) -> str:
        """Its normal form."""
        return normal_form(self.text)


@dataclass(frozen=True, slots=True)
class Workload:
    """The statements that read or write, the longest first, and what is in none of them.

    `own_seconds` is what our role took, None where we share the role with the portal, so that nobody can tell.
    `hidden_seconds` is the time of statements whose text our role may not see. `counted_hours` is how long ago the
    statistics were reset, None where the server does not say.
    """

    statements: Sequence[Statement]
    own_seconds: float | None
    hidden_seconds: float
    counted_hours: float | None = None

    @property
    def seconds(self) -> float:
        """The portal's execution time."""
        return sum(one.seconds for one in self.statements) + self.hidden_seconds

    @property
    def own_share(self) -> float | None:
        """Our part of the whole execution time, from 0 to 1; the goal is at most 0.005."""
        if self.own_seconds is None:
            return None
        whole = self.seconds + self.own_seconds
        return self.own_seconds / whole if whole else 0.0

    def calls_per_hour(self, statement: Statement) -> float | None:
        """How often the portal carries out a statement; None where less than an hour, or nobody knows how much, was
        counted."""
        if self.counted_hours is None or self.counted_hours < 1:
            return None
        return statement.calls / self.counted_hours

    def share(self, seconds: float) -> float:
        """That time as a part of the portal's, from 0 to 1."""
        return seconds / self.seconds if self.seconds else 0.0
