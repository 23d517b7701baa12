"""What B7 and B8 ask of either side: the product's alert room, and Alertmanager."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class SideDownError(Exception):
    """The side did not confirm an order: it is dead, or it died over it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One firing period of one series. `cleared_at` is None while it lasts.

    The category of the series is what is behind it: the faults of one category have one cause.
    """

    number: int
    series: str
    fired_at: datetime
    cleared_at: datetime | None = None

    @property
    def cause(self) -> str:
        """What is behind it."""
        return self.series.partition(".")[0]


class Says(StrEnum):
    """What a message says of an alert: it is broken, somebody has it in hand, it is over."""

    BROKEN = "broken"
    IN_HAND = "in hand"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Told:
    """One alert in a message. `sequence` tells the messages of an alert apart: the same one twice is a duplicate."""

    alert: str
    sequence: str
    says: Says


class Side(Protocol):
    """A system that is handed faults and tells of them, in a process that can be killed at any moment."""

    name: str

    def start(self) -> None:
        """Start the process, on what an earlier one has kept. From the main thread only."""
        ...

    def wait_until_ready(self) -> None:
        """Return once it takes orders; raises SideDownError where it ends before that."""
        ...

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        ...

    def hand_in(self, faults: Sequence[Fault]) -> float:
        """Hand in how these faults stand now, and return the `time.monotonic()` at which its work on them began.

        Returns once the side has confirmed that it has them; raises SideDownError where it has not.
        """
        ...

    def acknowledge(self, fault: Fault) -> None:
        """Somebody has it in hand. Raises SideDownError."""
        ...

    def alert_of(self, fault: Fault) -> str | None:
        """What `Told.alert` calls it, None where the side has not been heard on it yet."""
        ...

    def read(self, body: str) -> Sequence[Told]:
        """What a message of this side says of the alerts that it names."""
        ...

    def unnamed(self, body: str) -> int:
        """How many alerts a message tells without naming them."""
        ...


@contextmanager
def running(side: Side) -> Iterator[None]:
    """The side takes orders during the block, and is gone after it."""
    side.start()
    try:
        side.wait_until_ready()
        yield
    finally:
        side.kill()
