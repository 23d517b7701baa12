"""How the watched series stand, out of the store, and new references for them: what `drift` and `explain` need."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from baselines import FLOOR_SECONDS, Series
from baselines.postgres import PostgresMeasurements
from baselines.postgres_drift import PostgresDrift
from baselines.reference import ARMED_CALLS, FrozenReference, freeze
from baselines.watcher import Drift, Standing, limit_over
from monitor.comparing import Figures
from monitor.drift import healthy_calls
from monitor.errors import RefusedError
from thresholds import Finding, Profile, Routing, drift_finding, tolerances


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A series that is held against a reference. `standing` is what the service remembered a minute ago at most."""

    frozen: FrozenReference
    tolerance: float
    standing: Standing

    @property
    def since(self) -> datetime | None:
        """When the evidence against a raised series began to rise; None while it is quiet."""
        return None if self.standing.drift is Drift.QUIET else self.standing.since

    @property
    def level(self) -> float:
        """The usual fastest of five calls in the reference, in seconds."""
        return self.frozen.reference.level

    @property
    def limit(self) -> float:
        """The slowest that is tolerated, in seconds."""
        return limit_over(self.level, self.tolerance, FLOOR_SECONDS)

    @property
    def ratio(self) -> float | None:
        """The last fifteen calls over the reference, infinite where they timed out; None before there are as many."""
        return self.standing.ratio(self.level)

    @property
    def ratio_told(self) -> str:
        """The same for people."""
        ratio = self.ratio
        if ratio is None:
            return "not yet known"
        return "timed out" if math.isinf(ratio) else f"{ratio:.3g} ×"

    def findings(self, series: Series, routing: Routing, now: datetime) -> list[Finding]:
        """What the service says of it; a suspicion is neither good nor bad."""
        standing = self.standing
        if standing.drift is Drift.SUSPECTED:
            return []
        degraded, since = standing.drift is Drift.DEGRADED, standing.since or now
        return [
            drift_finding(series, routing, degraded=degraded, ratio=self.ratio, tolerance=self.tolerance, since=since)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unarmed:
    """A series without a reference: how many of the healthy calls there are that one is made of."""

    calls: int
    cadence_seconds: float

    @property
    def armed_in(self) -> timedelta:
        """How long the calls take that are missing, where none fails."""
        return timedelta(seconds=max(0, ARMED_CALLS - self.calls) * self.cadence_seconds)


@dataclass(frozen=True, slots=True)
class Renewal:
    """What came of a renewal: the new references, and why others were left as they are; both by series."""

    taken: Mapping[str, FrozenReference]
    left: Mapping[str, str]


class Drifting:
    """Watched series on a pool of connections to the migrated store. Raises what the store raises."""

    def __init__(self, figures: Figures, pool: asyncpg.Pool) -> None:
        self._matrix = figures.matrix
        self._store = PostgresDrift(pool)
        self._measurements = PostgresMeasurements(pool)

    async def held(self, series: Sequence[Series]) -> dict[str, Held]:
        """By name, the series that have a reference, with how they stand to it."""
        references = await self._store.references([one.name for one in series])
        remembered = await self._store.standings(list(references))
        tolerated = tolerances(series, self._matrix, Profile.STANDARD)
        # What was remembered of the reference before says nothing of this one.
        standings = {name: one for name, (until, one) in remembered.items() if until == references[name].taken_until}
        return {
            name: Held(frozen=frozen, tolerance=tolerated[name], standing=standings.get(name) or Standing())
            for name, frozen in references.items()
        }

    async def unarmed(self, series: Series, now: datetime) -> Unarmed:
        """How far a watchable series is that has no reference."""
        assert series.cadence_seconds is not None  # of a watchable series
        calls = await healthy_calls(self._measurements, series, now)
        return Unarmed(calls=len(calls), cadence_seconds=series.cadence_seconds)

    async def approve(self, series: Sequence[Series], *, by: str, now: datetime) -> list[str]:
        """Approve the references that hold; returns the series that have one."""
        return await self._store.approve([one.name for one in series], by, now)

    async def renew(
        self, series: Sequence[Series], *, release: str, reason: str, by: str, now: datetime, force: bool
    ) -> Renewal:
        """Take the last healthy calls of each series as its reference, approved by who asks for it.

        Raises RefusedError where one is degraded and it is not forced; nothing has changed then.
        """
        held = await self.held(series)
        degraded = {name: one for name, one in held.items() if one.standing.drift is Drift.DEGRADED}
        if degraded and not force:
            raise RefusedError(
                f"nothing is renewed, or what is slow now would become what is normal: {_told(degraded)}. Mend that, "
                "leave it out, or take it with --force REASON"
            )
        taken, left = {}, {}
        for one in series:
            slow = degraded.get(one.name)
            why = reason if slow is None else f"{reason} (although degraded: {slow.ratio_told} the one before)"
            calls = await healthy_calls(self._measurements, one, now)
            frozen = freeze(calls, release=release, reason=why, approved_by=by, approved_at=now)
            before = held.get(one.name)
            if frozen is None:
                left[one.name] = f"there are {len(calls):,} of the {ARMED_CALLS:,} healthy calls that are needed"
            elif before is not None and frozen.taken_until <= before.frozen.taken_until:
                left[one.name] = "nothing was measured since its reference was taken"
            else:
                await self._store.freeze(one.name, frozen)
                taken[one.name] = frozen
        return Renewal(taken, left)


def _told(degraded: Mapping[str, Held]) -> str:
    return "; ".join(
        f"{name} is degraded: {one.ratio_told} (tolerance {one.tolerance:.4g})" for name, one in degraded.items()
    )
