"""The arithmetic of a comparison: sessions are the observations, their scatter is shrunk to what is known of it.

A hundred calls in one burst are worth about one observation, because most of the noise is from session to session;
so the unit is the session (Kalibera and Jones 2013: random effects at the highest level that varies), and the few
sessions of one comparison borrow strength from the series' history (Smyth 2004: moderated variance).

Everything here takes arrays with one entry a series, and knows neither a series nor a unit.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

# What stays between two captures of one system however many sessions they have: the scatter of log(after/before) when
# old and new were interleaved call by call (900 recorded sessions of 15 series).
RESIDUAL_SD = 0.04

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """Session locations of one side of each series, reduced: how many, their mean, their sum of squares about it.

    Float arrays of shape (series,). The mean is NaN where there is no session.
    """

    count: Floats
    mean: Floats
    squares: Floats

    @classmethod
    def of(cls, locations: Floats, owner: NDArray[np.intp], number: int) -> "Groups":
        """From locations, shape (sessions,), and the index of the series each belongs to. What is not finite is no
        observation."""
        known = np.isfinite(locations)
        locations, owner = locations[known], owner[known]
        count = np.bincount(owner, minlength=number).astype(np.float64)
        mean = np.bincount(owner, locations, minlength=number) / np.where(count > 0, count, np.nan)
        squares = np.bincount(owner, (locations - mean[owner]) ** 2, minlength=number).astype(np.float64)
        return cls(count=count, mean=mean, squares=squares)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Values on the log scale with their scatter; a t distribution with `degrees` degrees of freedom each.

    Float arrays of shape (series,).
    """

    value: Floats
    error: Floats
    degrees: Floats

    def probability_above(self, threshold: Floats | float) -> Floats:
        """The probability that the true value lies above a threshold on the log scale."""
        return np.asarray(special.stdtr(self.degrees, (self.value - threshold) / self.error))

    def probability_below(self, threshold: Floats | float) -> Floats:
        """The same for below: the one-sided p of "it is at most the threshold"."""
        return np.asarray(special.stdtr(self.degrees, (threshold - self.value) / self.error))

    def bound(self, probability: float) -> Floats:
        """Where that much of the distribution lies below."""
        return np.asarray(self.value + special.stdtrit(self.degrees, probability) * self.error)


def shrunk_variance(prior_degrees: Floats, prior_sd: Floats, before: Groups, after: Groups) -> tuple[Floats, Floats]:
    """The variance between sessions and its degrees of freedom, shrunk to a prior (Smyth 2004, equation 5).

    s² = (d₀ s₀² + sum of squares within each side) / (d₀ + degrees of freedom).
    """
    degrees = prior_degrees + np.maximum(before.count - 1, 0) + np.maximum(after.count - 1, 0)
    squares = prior_degrees * prior_sd**2 + before.squares + after.squares
    return squares / degrees, degrees


def difference(
    before: Groups, after: Groups, variance: Floats, degrees: Floats, residual_sd: float = RESIDUAL_SD
) -> Estimate:
    """The log ratio after/before: SE² = s²/k_before + s²/k_after + residual². NaN where a side has no session."""
    with np.errstate(divide="ignore"):
        error = np.sqrt(variance / before.count + variance / after.count + residual_sd**2)
    return Estimate(value=after.mean - before.mean, error=error, degrees=degrees)


def level(side: Groups, variance: Floats, degrees: Floats) -> Estimate:
    """The log level of one side; the scatter that stays is shared evenly by the two sides of a difference."""
    with np.errstate(divide="ignore"):
        error = np.sqrt(variance / side.count + RESIDUAL_SD**2 / 2)
    return Estimate(value=side.mean, error=error, degrees=degrees)


def holm(p_values: Floats) -> Floats:
    """Adjusted p-values (Holm 1979): the chance of any false claim in the family. NaN stays and is not counted."""
    order, ranked = _ranked(p_values)
    adjusted = np.maximum.accumulate(ranked * np.arange(len(ranked), 0, -1))
    return _unranked(p_values, order, adjusted)


def benjamini_hochberg(p_values: Floats) -> Floats:
    """Adjusted p-values (Benjamini and Hochberg 1995): the false share of all claims. NaN stays and is not counted."""
    order, ranked = _ranked(p_values)
    adjusted = np.minimum.accumulate((ranked * len(ranked) / np.arange(1, len(ranked) + 1))[::-1])[::-1]
    return _unranked(p_values, order, adjusted)


def _ranked(p_values: Floats) -> tuple[NDArray[np.intp], Floats]:
    order = np.argsort(p_values)
    order = order[~np.isnan(p_values[order])]
    return order, p_values[order]


def _unranked(p_values: Floats, order: NDArray[np.intp], adjusted: Floats) -> Floats:
    result = np.full(len(p_values), np.nan)
    result[order] = np.minimum(adjusted, 1.0)
    return result
