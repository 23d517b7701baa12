"""Calls in figures, kept long after the single measurements are gone: an hour of them, or any shorter time."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Rollup:
    """The calls of one hour. `n` counts all of them that ran, `failed` those that failed or timed out.

    `p20` and `median` are of calls that answered undisturbed, in the series' base unit; None where none did.
    """

    hour: datetime
    n: int
    failed: int
    p20: float | None
    median: float | None


class Hour(NamedTuple):
    """The same of any hour, the running one too, in what a strip needs of it; a page of 300 series makes 7,200."""

    at: datetime
    n: int
    failed: int
    median: float | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """The calls from an instant on, for an hour or for less; figures as those of a `Rollup`."""

    at: datetime
    n: int
    failed: int
    p20: float | None
    median: float | None
    p95: float | None
    maximum: float | None
