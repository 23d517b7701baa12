"""For which load a verdict holds: how busy the host was while each side was captured."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from baselines.baseline import CaptureSession

# Two captures were taken under different load when this part of a processor, and more, lies between their ranges.
APART = 0.25


class Side(StrEnum):
    """One of the two captures of a comparison."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class LoadRange:
    """The lowest and the highest one-minute load average per processor at the starts of the sessions of one side."""

    lowest: float
    highest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HostLoads:
    """The load on both sides; None where it was not noted."""

    before: LoadRange | None = None
    after: LoadRange | None = None

    @property
    def busier(self) -> Side | None:
        """The side whose host had clearly more to do; None where they were alike, or nobody knows."""
        if self.before is None or self.after is None:
            return None
        if self.after.lowest - self.before.highest >= APART:
            return Side.AFTER
        return Side.BEFORE if self.before.lowest - self.after.highest >= APART else None


def load_range(sessions: Sequence[CaptureSession]) -> LoadRange | None:
    """The loads these sessions were taken under, None where none noted it."""
    noted = [one.conditions.host_load for one in sessions if one.conditions.host_load is not None]
    return LoadRange(min(noted), max(noted)) if noted else None
