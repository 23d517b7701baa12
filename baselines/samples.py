"""The samples of one series in one session: values, failures and time-outs in two arrays."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from baselines.measurement import Measurement, Outcome


class SampleError(ValueError):
    """A sample is no number, no failure and no time-out."""


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Calls of one series in the order in which they were made.

    `values`: float64, shape (n,), in the series' base unit; NaN where the call failed, and the time waited where it
    timed out. `timed_out`: bool, shape (n,): the value is a lower bound ("at least this long").
    """

    values: NDArray[np.float64]
    timed_out: NDArray[np.bool_]

    def __post_init__(self) -> None:
        if self.values.ndim != 1 or self.values.shape != self.timed_out.shape:
            raise SampleError("values and timed_out must be two arrays of one length")
        if np.isinf(self.values).any() or (self.values < 0).any():
            raise SampleError("a sample must be a finite number that is not negative")
        if np.isnan(self.values[self.timed_out]).any():
            raise SampleError("a call that timed out needs the time that was waited")

    def __len__(self) -> int:
        return len(self.values)

    @property
    def failed(self) -> NDArray[np.bool_]:
        """Which calls failed: bool, shape (n,). A time-out counts as one in `availability`, not here."""
        return np.isnan(self.values)

    @classmethod
    def of(cls, values: Sequence[float | None], timed_out: Sequence[bool] | None = None) -> "Samples":
        """From plain numbers, None for a failed call. Raises SampleError on NaN, infinity or a negative number."""
        if any(value is not None and np.isnan(value) for value in values):
            raise SampleError("NaN is no sample; a call that failed is None")
        array = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
        flags = np.zeros(len(array), dtype=np.bool_) if timed_out is None else np.array(timed_out, dtype=np.bool_)
        return cls(array, flags)

    @classmethod
    def of_measurements(cls, measurements: Iterable[Measurement]) -> "Samples":
        """From measurements of one series; those that say nothing of the target are left out."""
        judged = [one for one in measurements if one.says_something]
        return cls.of([one.value for one in judged], [one.outcome is Outcome.TIMEOUT for one in judged])
