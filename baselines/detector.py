"""A quantile e-detector: evidence, without end, that a series has become slower than its reference allows.

The cuts between K bins are put where a reference has its quantiles, moved up by what is tolerated: as long as no more
than that has changed, a value falls into each bin with a probability of at most 1/K. Each new value multiplies the
evidence by how much likelier its bin is under an alternative ("slower by a half"); a Shiryaev-Roberts statistic adds it
up over all instants at which the change may have begun, and its mean over the alternatives is the evidence. For
independent values and a known reference its expectation after n values is at most n, so that a threshold of the number
of values a week lets at most one false alarm a week through (Ville's inequality). Real values are not independent and
no reference is known exactly: what it does on recordings is measured, docs/decisions/0015.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

Floats = NDArray[np.float64]
Columns = NDArray[np.intp]

BINS = 16
# How much slower than what is tolerated; the evidence is averaged over them.
ALTERNATIVES = (1.1, 1.25, 1.5, 2.0, 3.0)

# Half a value in each bin, so that no bin is impossible under an alternative.
_SMOOTHING = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Null:
    """What the evidence has to speak against: a series at most `ratio` times as slow as its reference, or slower by
    less than `floor` (in the unit of its values).

    `confidence`: the cuts are upper bounds of the reference's quantiles at this level; 0.5 takes them as they are.
    """

    ratio: float
    confidence: float
    floor: float = 0.0

    def slowest(self, values: Floats) -> Floats:
        """The reference at its slowest under this null."""
        return np.maximum(values * self.ratio, values + self.floor)


@dataclass(frozen=True, slots=True, eq=False)
class Odds:
    """What a value of one series is worth against one null. Made once for a reference; it takes half a millisecond.

    `cuts`, ascending, shape (K - 1,); `gains`, what each bin adds to the log evidence by alternative, shape (A, K).
    """

    cuts: Floats
    gains: Floats

    @classmethod
    def of(cls, values: Floats, size: int, null: Null) -> "Odds":
        """From the sorted values of a reference, shape (n,), of which `size` count as independent."""
        cuts = null.slowest(_quantiles(values, size, null.confidence))
        slowest = null.slowest(values)
        return cls(cuts, np.array([_log_likelihood_ratios(slowest * one, cuts) for one in ALTERNATIVES]))


class Detector:
    """The evidence of many series, a column each. `most` is the log evidence beyond which none grows."""

    def __init__(self, odds: Sequence[Odds], *, most: float) -> None:
        self._most = most
        self._cuts = np.array([one.cuts for one in odds]).reshape(len(odds), BINS - 1).T
        self._gains = np.array([one.gains for one in odds]).reshape(len(odds), len(ALTERNATIVES), BINS)
        self.evidence: Floats = np.full((len(ALTERNATIVES), len(odds)), -math.inf)

    def take(self, columns: Columns, values: Floats) -> None:
        """One new value of each of some series, both of shape (series,); infinite where a call timed out."""
        bins = (values > self._cuts[:, columns]).sum(axis=0)
        grown = np.logaddexp(self.evidence[:, columns], 0.0) + self._gains[columns, :, bins].T
        self.evidence[:, columns] = np.minimum(grown, self._most)

    def forget(self, columns: Columns) -> None:
        """Begin anew with some series."""
        self.evidence[:, columns] = -math.inf

    def log_evidence(self, columns: Columns) -> Floats:
        """The mean over the alternatives on the log scale, shape (series,); below 0 nothing speaks for a change."""
        total = np.logaddexp.reduce(self.evidence[:, columns], axis=0)
        return np.asarray(total - math.log(len(ALTERNATIVES)))


def _quantiles(values: Floats, size: int, confidence: float) -> Floats:
    """The K - 1 quantiles of a reference, or upper bounds of them: order statistics (Jeffreys' interval of a share)."""
    shares: Floats = np.arange(1, BINS) / BINS
    if confidence > 0.5:
        shares[:] = special.betaincinv(shares * size + 0.5, (1 - shares) * size + 0.5, confidence)
    ranks = np.clip(np.ceil(shares * len(values)).astype(np.intp), 1, len(values)) - 1
    return np.asarray(values[ranks])


def _log_likelihood_ratios(slower: Floats, cuts: Floats) -> Floats:
    """How much likelier each bin is under an alternative than its 1/K under the null, on the log scale; shape (K,).

    Made never to fall from bin to bin: only so does a series that is faster than the null collect no evidence.
    """
    counts = np.bincount(np.searchsorted(cuts, slower), minlength=BINS) + _SMOOTHING
    return np.log(np.asarray(optimize.isotonic_regression(counts / counts.mean()).x, dtype=np.float64))
