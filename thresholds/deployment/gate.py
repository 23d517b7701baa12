"""Gates: between what was and what comes, open, closed or inconclusive, with reasons; never open without data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any


class GateState(StrEnum):
    """Closed: something speaks against going on. Inconclusive: too little is known, which is no permission."""

    OPEN = "open"
    CLOSED = "closed"
    INCONCLUSIVE = "inconclusive"


class Condition(StrEnum):
    """What a gate can ask. `operations`: none of the migration's own failed. `rehearsal`: the new release side by side
    with the old one on a clone."""

    COMPARISON = "comparison"
    WORKLOAD = "workload"
    INTEGRITY = "integrity"
    LIMITS = "limits"
    STATISTICS = "statistics"
    INDEXES = "indexes"
    CACHE = "cache"
    OPERATIONS = "operations"
    CHECKLIST = "checklist"
    REHEARSAL = "rehearsal"


class Side(StrEnum):
    """Which side of a phase a gate stands on; the last one is that of a deployment that was rolled back."""

    BEFORE = "before"
    AFTER = "after"
    RECOVERY = "recovery"


# The phase that the gate of a rollback names: none.
NO_PHASE = ""


@dataclass(frozen=True, slots=True)
class Gate:
    """Where a gate stands."""

    side: Side
    phase: str = NO_PHASE

    def __str__(self) -> str:
        return "recovery" if self.side is Side.RECOVERY else f"{self.side} {self.phase}"


RECOVERY = Gate(Side.RECOVERY)


@dataclass(frozen=True, slots=True)
class ConditionResult:
    """What one condition says, each reason a sentence."""

    condition: Condition
    state: GateState
    reasons: tuple[str, ...]

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "ConditionResult":
        """From what `dataclasses.asdict` makes of it."""
        return cls(Condition(document["condition"]), GateState(document["state"]), tuple(document["reasons"]))


def subject(reason: str) -> str:
    """What a reason is about: the series is its first word, and the figures behind it move with each look."""
    return reason.split(maxsplit=1)[0].rstrip(":")


def worst(states: Sequence[GateState]) -> GateState:
    """One word for several: closed wins over inconclusive, which wins over open; inconclusive where there is none."""
    if GateState.CLOSED in states:
        return GateState.CLOSED
    if GateState.INCONCLUSIVE in states or not states:
        return GateState.INCONCLUSIVE
    return GateState.OPEN


@dataclass(frozen=True, slots=True)
class Override:
    """A named person let a gate that is not open be passed, for a reason, knowing what spoke against it: what it was
    judged by, and what was `broken` by then."""

    by: str
    reason: str
    at: datetime
    broken: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GateResult:
    """A gate as it was judged at an instant. `captures`: what was captured for it. `advice` is the rollback advice as a
    document, None where nothing was compared."""

    gate: Gate
    at: datetime
    conditions: tuple[ConditionResult, ...]
    captures: tuple[str, ...] = ()
    advice: Mapping[str, Any] | None = None

    @property
    def state(self) -> GateState:
        """The worst of its conditions."""
        return worst([one.state for one in self.conditions])

    @property
    def reasons(self) -> list[str]:
        """What keeps it from being open, the worst first."""
        if not self.conditions:
            return ["nothing was asked"]
        return [
            reason
            for state in (GateState.CLOSED, GateState.INCONCLUSIVE)
            for one in self.conditions
            if one.state is state
            for reason in one.reasons
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class GateStanding:
    """A gate now: how it was judged last, whether somebody overrode that, and what broke while everybody waited."""

    result: GateResult
    override: Override | None = None
    broken: tuple[str, ...] = ()

    def state(self, now: datetime, holds: timedelta) -> GateState:
        """Whether the next step may be taken now.

        - what broke a limit since: closed, also after an override, which did not know of it
        - an override: open
        - an opening that is older than `holds`: inconclusive, the system may be another one by now
        - else as judged
        """
        if self.broken:
            return GateState.CLOSED
        if self.override is not None:
            return GateState.OPEN
        if self.result.state is GateState.OPEN and now - self.result.at > holds:
            return GateState.INCONCLUSIVE
        return self.result.state

    def news(self, reasons: Sequence[str]) -> list[str]:
        """Those of the broken limits whose subject is not told yet, nor was known to whoever overrode the gate."""
        known = {subject(one) for one in self.broken}
        if self.override is not None:
            judged = [
                reason for one in self.result.conditions if one.condition is Condition.LIMITS for reason in one.reasons
            ]
            known |= {subject(one) for one in (*self.override.broken, *judged)}
        return [one for one in reasons if subject(one) not in known]

    def reasons(self, now: datetime, holds: timedelta) -> list[str]:
        """Why it is not open; what an override passed over stays told."""
        passed_over = self.override.broken if self.override is not None else ()
        told = [f"while it was waiting: {one}" for one in (*passed_over, *self.broken)]
        if self.result.state is GateState.OPEN and now - self.result.at > holds:
            minutes = round((now - self.result.at).total_seconds() / 60)
            told.append(f"it was opened {minutes} minutes ago, which is too long: evaluate it again")
        return [*told, *self.result.reasons]
