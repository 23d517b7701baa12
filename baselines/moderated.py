"""What the latency questions share: one figure a session, its scatter shrunk to a history, and the gate.

Arrays have one entry a case (shape (cases,)) unless they say otherwise.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from baselines.baseline import Spacing
from baselines.case import LARGEST_CAPTURE, Case
from baselines.location import log_locations
from baselines.statistics import (
    RESIDUAL_SD,
    Estimate,
    Floats,
    Groups,
    benjamini_hochberg,
    difference,
    level,
    shrunk_variance,
)

# The history counts for at most this many degrees of freedom, since scatter itself changes with time.
PRIOR_DEGREES = 6

# A history of fewer sessions than these has no scatter.
LEARNT_SESSIONS = 2

# A larger family than this is corrected for its size; a smaller one keeps its error by the gate alone.
LARGEST_PLAIN_FAMILY = 20

# 95 % intervals.
INTERVAL_TAIL = 0.025

# The largest log of a float, so that an interval is always a pair of numbers.
LARGEST_LOG = math.log(np.finfo(np.float64).max)

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """The scatter of a session (sd of its figure on the log scale) where there is no history.

    A single session a side says nothing of its own scatter and so can't correct a prior that is too small: it gets
    `single`, whatever its spacing.
    """

    spaced: Mapping[Spacing, float]
    single: float


class SessionRow:
    """The sessions of a family in one row: of each case those before, those after, and its history.

    `case` and `side` (0 before, 1 after, 2 history) say whose each is, shape (sessions,).
    """

    def __init__(self, cases: Sequence[Case]) -> None:
        sides = [side for case in cases for side in (case.before, case.after, case.history)]
        self.cases = cases
        self.sessions = [one for sessions in sides for one in sessions]
        place = np.repeat(np.arange(len(sides)), [len(sessions) for sessions in sides])
        self.case: NDArray[np.intp] = place // 3
        self.side: NDArray[np.intp] = place % 3

    def locations(self, bands: Floats) -> Floats:
        """Where each session lies, shape (sessions,), by the band of its case, shape (cases, 2)."""
        return log_locations(self.sessions, bands[self.case])

    def any_of(self, flags: Flags, side: int) -> Flags:
        """Whether one of the sessions on that side is flagged. `flags`: shape (sessions,)."""
        return np.bincount(self.case[flags & (self.side == side)], minlength=len(self.cases)) > 0


class Contrast(Protocol):
    """After against before, for each case of a family: what the rules of the typical question ask of an estimate.

    `learnt`: whether its scatter is known of this very series; what is not is corrected for the family's size.
    """

    before: Groups
    learnt: Flags
    estimate: Estimate
    level: Estimate

    def more_sessions(self, log_separation: Floats, planned: float) -> Floats:
        """How many more a side would tell two log ratios that far apart, with `planned` standard errors between."""
        ...

    def undecided(self, i: int, more: int) -> str:
        """What to do about that case where so many more sessions a side would probably decide it."""
        ...

    def reservations(self, i: int) -> list[str]:
        """What a reader must know of the scatter that was used."""
        ...


class Moderated:
    """A figure of every session as a difference after/before; what is not finite is no observation.

    `residual_sd` is the scatter of that difference that no number of sessions takes away.
    """

    def __init__(self, row: SessionRow, figures: Floats, prior: Prior, *, residual_sd: float = RESIDUAL_SD) -> None:
        self.before, self.after, history = (
            Groups.of(figures[row.side == side], row.case[row.side == side], len(row.cases)) for side in range(3)
        )
        self.learnt: Flags = history.count >= LEARNT_SESSIONS
        self.single: Flags = (self.before.count <= 1) & (self.after.count <= 1)
        assumed = np.where(self.single, prior.single, [prior.spaced[case.spacing] for case in row.cases])
        history_degrees = np.maximum(history.count - 1, 1)
        self.prior_sd: Floats = np.where(self.learnt, np.sqrt(history.squares / history_degrees), assumed)
        prior_degrees = np.where(self.learnt, np.minimum(PRIOR_DEGREES, history_degrees), PRIOR_DEGREES)
        self.variance, self.degrees = shrunk_variance(prior_degrees, self.prior_sd, self.before, self.after)
        self.estimate: Estimate = difference(self.before, self.after, self.variance, self.degrees, residual_sd)
        self.level: Estimate = level(self.after, self.variance, self.degrees)
        self._residual_sd = residual_sd

    def more_sessions(self, log_separation: Floats, planned: float) -> Floats:
        """How many more a side would tell two log ratios that far apart, with `planned` standard errors between them.

        k' = max(1, ⌈2 s² / ((separation / planned)² − residual²)⌉ − k); the separation leaves room for the residual.
        """
        room = (log_separation / planned) ** 2 - self._residual_sd**2
        return np.maximum(1, np.ceil(2 * self.variance / room) - self.sessions)

    @property
    def sessions(self) -> Floats:
        """The sessions of the smaller side."""
        return np.minimum(self.before.count, self.after.count)

    def undecided(self, i: int, more: int) -> str:
        """What to do about that case where so many more sessions a side would probably decide it."""
        return undecided(int(self.sessions[i]), more)

    def reservations(self, i: int) -> list[str]:
        """What a reader must know of the prior that was used."""
        if self.learnt[i]:
            return []
        if self.single[i]:
            return ["one session a side and no history: only very large changes can be claimed"]
        return [f"no history: a scatter of {self.prior_sd[i]:.0%} between sessions is assumed"]


def gate(p_values: Floats, learnt: Flags, error: float) -> tuple[Flags, Flags]:
    """Which of a family's p-values are below the error: each by itself, and what the family's size leaves of that.

    Corrected by Benjamini and Hochberg where the family has more than 20 series or the series no history. NaN never
    passes.
    """
    large = np.count_nonzero(~np.isnan(p_values)) > LARGEST_PLAIN_FAMILY
    corrected = np.where(large | ~learnt, benjamini_hochberg(p_values), p_values)
    return p_values < error, corrected < error


class Interval:
    """Estimates with their 95 % intervals, back from the log scale."""

    def __init__(self, estimate: Estimate) -> None:
        self.value: Floats = _exp(estimate.value)
        self.low: Floats = _exp(estimate.bound(INTERVAL_TAIL))
        self.high: Floats = _exp(estimate.bound(1 - INTERVAL_TAIL))


def _exp(logs: Floats) -> Floats:
    """Back from the log scale, without ever reaching infinity."""
    return np.exp(np.minimum(logs, LARGEST_LOG))


def undecided(sessions: int, more: int) -> str:
    """What to do about a question that `sessions` a side have not decided and `more` of them would."""
    if sessions + more > LARGEST_CAPTURE:
        return f"undecided, and {more} more sessions a side are too many: interleave old and new"
    return f"undecided: {more} more sessions a side probably decide it"
