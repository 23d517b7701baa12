"""Web vitals of real visits: values kept in bins, so that any number of them take bounded room and can be added up."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from baselines.series import Series, Unit

# Each bin is a twentieth wider than the one before, so a quantile is off by 2.5 % at most.
GROWTH = 1.05


class Vital(StrEnum):
    """What browsers report of a visit, by the names of the threshold matrix."""

    LARGEST_CONTENTFUL_PAINT = "largest_contentful_paint"
    INTERACTION_TO_NEXT_PAINT = "interaction_to_next_paint"
    CUMULATIVE_LAYOUT_SHIFT = "cumulative_layout_shift"
    FIRST_CONTENTFUL_PAINT = "first_contentful_paint"
    TIME_TO_FIRST_BYTE = "time_to_first_byte"
    FIRST_INPUT_DELAY = "first_input_delay"

    @property
    def unit(self) -> Unit:
        """Seconds but for the layout shift, which is a plain number."""
        return Unit.COUNT if self is Vital.CUMULATIVE_LAYOUT_SHIFT else Unit.SECONDS

    @property
    def series(self) -> Series:
        """The line of the threshold matrix."""
        return Series(f"web_vitals.{self}", self.unit)

    @property
    def smallest(self) -> float:
        """What is not above it is in the lowest bin."""
        return 0.001

    @property
    def largest(self) -> float:
        """A value above it is absurd: no page takes longer than a minute and is still waited for."""
        return 10.0 if self is Vital.CUMULATIVE_LAYOUT_SHIFT else 60.0

    def bin_of(self, value: float) -> int:
        """The bin of a value from 0 to `largest`; bin 0 reaches to `smallest`. Raises ValueError for any other."""
        if not 0 <= value <= self.largest:
            raise ValueError(f"{value} is no value of {self}")
        if value <= self.smallest:
            return 0
        return math.ceil(math.log(value / self.smallest, GROWTH) - 1e-9)


@dataclass(frozen=True, slots=True, order=True)
class Visited:
    """What is told apart: the route that was visited, and with what."""

    route: str
    device: str


@dataclass(slots=True)
class VitalBins:
    """How many values of a vital fell into each bin."""

    vital: Vital
    counts: Counter[int] = field(default_factory=Counter)

    @property
    def samples(self) -> int:
        """How many values there are."""
        return self.counts.total()

    def add(self, counts: Mapping[int, int]) -> None:
        """Add up."""
        self.counts.update(counts)

    def quantile(self, share: float) -> float | None:
        """The value that so large a share of the values does not go over, by nearest rank; None without values.

        It is the geometric middle of its bin.
        """
        rank, seen = math.ceil(share * self.samples), 0
        for one in sorted(self.counts):
            seen += self.counts[one]
            if seen >= max(rank, 1):
                return _middle(self.vital, one)
        return None

    def share_up_to(self, limit: float) -> float:
        """The share of the values that lie in bins up to the one of that limit; 0 without values."""
        if not self.samples:
            return 0.0
        last = self.vital.bin_of(min(limit, self.vital.largest))
        return sum(count for one, count in self.counts.items() if one <= last) / self.samples


def _middle(vital: Vital, one: int) -> float:
    """Of the lowest bin half of its end: it begins at nothing."""
    return vital.smallest / 2 if one == 0 else vital.smallest * GROWTH ** (one - 0.5)
