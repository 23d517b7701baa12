"""One hour of a series in figures, kept long after its single measurements are gone."""

from dataclasses import dataclass
from datetime import datetime


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
