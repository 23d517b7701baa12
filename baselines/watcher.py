"""Watching without end: each call of each series against the reference of that very series, in bounded memory."""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from baselines.detector import ALTERNATIVES, Detector, Null, Odds
from baselines.reference import GROUP_CALLS, Reference
from baselines.typical import NULL_EXPONENT

_WEEK_SECONDS = 7 * 86400.0

# Suspected speaks against m^0.65, as the gate of a comparison does, and takes the reference at its word: it costs a few
# further calls. Degraded speaks against m itself, with the reference's own error on the series' side.
_SUSPECTED_CONFIDENCE = 0.5
_DEGRADED_CONFIDENCE = 0.9

# Three groups of five: a rolling median of fifteen calls.
RECENT_GROUPS = 3
# Recovered is what has been below the tolerance for so long.
CLOSE_AFTER = timedelta(minutes=15)
# Evidence far beyond the threshold says no more, and would outlive the change.
_HEADROOM = 3.0

_NO_EVIDENCE = (-math.inf,) * len(ALTERNATIVES)


class Drift(StrEnum):
    """How a series stands to its reference."""

    QUIET = "quiet"
    SUSPECTED = "suspected"
    DEGRADED = "degraded"


class Call(NamedTuple):
    """One call that says something of the target; infinitely slow where it timed out."""

    series: str
    at: datetime
    value: float


@dataclass(slots=True)
class Standing:
    """What is remembered of one series between its calls; all of it, so that a restart loses nothing.

    `waiting`: calls of a group that is not full; `recent`: the fastest calls of the last groups. `since`: when the
    evidence began to rise; `below_since`: since when a raised series has been back at its tolerance.
    `suspicion` and `degradation`: the log evidence of both detectors, by alternative.
    """

    drift: Drift = Drift.QUIET
    since: datetime | None = None
    below_since: datetime | None = None
    waiting: list[float] = field(default_factory=list)
    recent: list[float] = field(default_factory=list)
    suspicion: Sequence[float] = _NO_EVIDENCE
    degradation: Sequence[float] = _NO_EVIDENCE

    def ratio(self, level: float) -> float | None:
        """The last fifteen calls over that level, None before there are as many; infinite where they timed out."""
        return statistics.median(self.recent) / level if len(self.recent) == RECENT_GROUPS else None


def limit_over(level: float, tolerance: float, floor: float) -> float:
    """The slowest that is tolerated over a level: so many times as slow, and the floor slower in any case."""
    return max(level * tolerance, level + floor)


@dataclass(frozen=True, slots=True, eq=False)
class Yardstick:
    """What one series is held against: its usual fastest of five calls, how much is tolerated, and what values prove.

    `level` and `limit` are in the unit of the reference.
    """

    level: float
    limit: float
    cadence_seconds: float
    suspicion: Odds
    degradation: Odds

    @classmethod
    def of(cls, reference: Reference, *, tolerance: float, cadence_seconds: float, floor: float = 0.0) -> "Yardstick":
        """`tolerance` is a ratio; `floor` a difference in the unit of the reference below which nothing is slower."""

        def odds(ratio: float, confidence: float) -> Odds:
            null = Null(ratio=ratio, confidence=confidence, floor=floor)
            return Odds.of(reference.fastest, reference.independent, null)

        return cls(
            level=reference.level,
            limit=limit_over(reference.level, tolerance, floor),
            cadence_seconds=cadence_seconds,
            suspicion=odds(tolerance**NULL_EXPONENT, _SUSPECTED_CONFIDENCE),
            degradation=odds(tolerance, _DEGRADED_CONFIDENCE),
        )


class Watcher:
    """Two detectors over all series that have something to be held against.

    - suspected: the evidence against m^0.65 has passed the threshold, and the last fifteen calls are over m
    - degraded: the evidence against m itself has
    - quiet again: the last fifteen calls have been at or below m for 15 minutes

    The threshold is the number of groups of five calls that all series together make in a week.
    """

    def __init__(self, yardsticks: Mapping[str, Yardstick]) -> None:
        """`yardsticks`, by series, may have been used by another watcher before."""
        self._columns = {name: column for column, name in enumerate(yardsticks)}
        self._yardsticks = dict(yardsticks)
        self._standings = {name: Standing() for name in yardsticks}
        weekly = sum(_WEEK_SECONDS / (GROUP_CALLS * one.cadence_seconds) for one in yardsticks.values())
        self._threshold = math.log(max(weekly, 1.0))
        most = self._threshold + _HEADROOM
        self._suspicion = Detector([one.suspicion for one in yardsticks.values()], most=most)
        self._degradation = Detector([one.degradation for one in yardsticks.values()], most=most)

    def take(self, calls: Iterable[Call]) -> set[str]:
        """Further calls in the order of time; those of other series are passed over.

        Returns the series that stand otherwise than before.
        """
        changed: set[str] = set()
        full: dict[str, Call] = {}
        for call in calls:
            standing = self._standings.get(call.series)
            if standing is None:
                continue
            standing.waiting.append(call.value)
            if len(standing.waiting) == GROUP_CALLS:
                if call.series in full:
                    changed |= self._judge(full)
                    full = {}
                full[call.series] = Call(call.series, call.at, min(standing.waiting))
                standing.waiting.clear()
        return changed | self._judge(full)

    def __contains__(self, series: object) -> bool:
        return series in self._standings

    def drift(self, series: str) -> Drift:
        """How a watched series stands to its reference."""
        return self._standings[series].drift

    def raised(self) -> dict[str, Drift]:
        """The series that are not quiet."""
        return {name: one.drift for name, one in self._standings.items() if one.drift is not Drift.QUIET}

    def since(self, series: str) -> datetime | None:
        """When the evidence against a raised series began to rise, None where it has not."""
        return self._standings[series].since

    def ratio(self, series: str) -> float | None:
        """The last fifteen calls over the reference, None before there are as many."""
        return self._standings[series].ratio(self._yardsticks[series].level)

    def standing(self, series: str) -> Standing:
        """Everything that has to be kept of a series over a restart."""
        column, standing = self._columns[series], self._standings[series]
        return replace(
            standing,
            waiting=list(standing.waiting),
            recent=list(standing.recent),
            suspicion=self._suspicion.evidence[:, column].tolist(),
            degradation=self._degradation.evidence[:, column].tolist(),
        )

    def restore(self, series: str, standing: Standing) -> None:
        """Go on from what was kept; evidence that another rule has gathered, on other alternatives, says nothing."""
        if len(standing.suspicion) != len(ALTERNATIVES):
            standing = Standing()
        column = self._columns[series]
        self._standings[series] = standing
        self._suspicion.evidence[:, column] = standing.suspicion
        self._degradation.evidence[:, column] = standing.degradation

    def _judge(self, groups: Mapping[str, Call]) -> set[str]:
        """One full group of each of some series."""
        if not groups:
            return set()
        columns = np.array([self._columns[name] for name in groups])
        values = np.array([one.value for one in groups.values()])
        for detector in (self._suspicion, self._degradation):
            detector.take(columns, values)
        suspicion = self._suspicion.log_evidence(columns)
        degradation = self._degradation.log_evidence(columns)
        return {
            call.series
            for call, suspected, degraded in zip(groups.values(), suspicion.tolist(), degradation.tolist(), strict=True)
            if self._stands_otherwise(call, suspected, degraded)
        }

    def _stands_otherwise(self, call: Call, suspicion: float, degradation: float) -> bool:
        """Take in the fastest of a group with the evidence it has made; returns whether the series now stands
        otherwise."""
        standing = self._standings[call.series]
        before = standing.drift
        standing.recent = [*standing.recent, call.value][-RECENT_GROUPS:]
        enough = len(standing.recent) == RECENT_GROUPS
        over = enough and statistics.median(standing.recent) > self._yardsticks[call.series].limit
        if before is Drift.QUIET and suspicion <= 0:
            standing.since = None
        elif standing.since is None:
            standing.since = call.at
        if degradation >= self._threshold and over:
            standing.drift = Drift.DEGRADED
        elif suspicion >= self._threshold and over and before is Drift.QUIET:
            standing.drift = Drift.SUSPECTED
        if over or before is Drift.QUIET:
            standing.below_since = None
        elif standing.below_since is None:
            standing.below_since = call.at
        elif call.at - standing.below_since >= CLOSE_AFTER:
            self._close(call.series)
        return standing.drift is not before

    def _close(self, series: str) -> None:
        standing = self._standings[series]
        standing.drift, standing.since, standing.below_since = Drift.QUIET, None, None
        for detector in (self._suspicion, self._degradation):
            detector.forget(np.array([self._columns[series]]))
