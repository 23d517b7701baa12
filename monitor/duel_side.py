"""One side of a duel: its probes, and what was measured there block by block."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from baselines import (
    Baseline,
    CaptureConditions,
    CaptureSession,
    Clock,
    Inspection,
    LedgerEntry,
    Measurement,
    Outcome,
    Samples,
    Section,
)
from baselines.capture import WARM_UP_CALLS
from baselines.evidence import Evidence
from monitor.errors import CannotRunError
from monitor.opponents import address_of
from monitor.settings import Settings
from monitor.user import user_name
from probes import HttpTarget, PostgresTarget, ProbeSet
from probes.ledger import LedgerReader

Measured = Mapping[str, Sequence[Measurement]]


class DuelSide:
    """The side that is `called` OLD or NEW: the target of that name at its address, and the probes that go there."""

    def __init__(
        self, called: str, name: str, target: HttpTarget | PostgresTarget, probes: ProbeSet, clock: Clock
    ) -> None:
        self.probes = probes
        self._called = called
        self._name = name
        self._address = address_of(target)
        self._ledger = LedgerReader({name: target}, probes.links, clock)
        self._clock = clock
        self._cold: Measured = {}
        self._inspections: dict[str, Inspection | None] = {}
        self._sessions: list[CaptureSession] = []

    async def run(self, probe: str) -> dict[str, Measurement]:
        """One call now, by series."""
        return {one.series: one for one in await self.probes.run(probe, self._clock.now())}

    async def require_answers(self) -> None:
        """One run of each probe; raises CannotRunError where none comes through."""
        measured = [one for probe in self.probes.names for one in (await self.run(probe)).values()]
        if all(one.outcome in (Outcome.ERROR, Outcome.TIMEOUT) for one in measured):
            reasons = ", ".join(sorted({one.reason for one in measured if one.reason}))
            raise CannotRunError(
                f"{self._called} ({self._address}) can't be measured: every probe of it failed ({reasons}); "
                f"see that it is up, and that what targets.{self._name} says of log-in holds for it"
            )

    async def warm_up(self) -> None:
        """The first calls are cold and kept apart; then how the probes are carried out is looked at once."""
        cold = defaultdict[str, list[Measurement]](list)
        for probe in self.probes.names * WARM_UP_CALLS:
            for name, one in (await self.run(probe)).items():
                if self.probes.series[name].is_duration:
                    cold[name].append(one)
        self._cold = cold
        for probe in self.probes.names:
            inspection = await self.probes.inspect(probe)
            self._inspections |= {one.name: inspection for one in self.probes.series_of(probe)}

    async def facts(self) -> dict[tuple[str, Section], LedgerEntry]:
        """What is true of it besides its times, by source and section."""
        return {(one.source, one.section): one for one in await self._ledger.read(self._clock.now())}

    def keep(self, block: Measured, conditions: CaptureConditions, started_at: datetime) -> None:
        """A block is a session of its own."""
        evidence = self._evidence(block)
        self._sessions.append(
            CaptureSession(
                number=len(self._sessions) + 1,
                started_at=started_at,
                finished_at=self._clock.now(),
                conditions=conditions,
                samples=_samples(block),
                cold={} if self._sessions else _samples(self._cold),
                plans={name: one.inspection.plan for name, one in evidence.items() if one.inspection is not None},
                evidence=evidence,
            )
        )

    def samples_of(self, series: str) -> list[Samples]:
        """The judged calls of a series, one entry a block in which it has any."""
        return [one.samples[series] for one in self._sessions if len(one.samples.get(series, ()))]

    def as_baseline(self, settings: Settings) -> Baseline:
        """All blocks, under the address as their name."""
        return Baseline(
            name=self._address,
            environment=settings.environment,
            release=settings.release,
            captured_by=user_name(),
            series={name: one for name, one in self.probes.series.items() if one.is_duration},
            sessions=self._sessions,
        )

    def _evidence(self, block: Measured) -> dict[str, Evidence]:
        return {
            one.name: Evidence.of_measurements(
                block[one.name], origin=self.probes.origin_of(probe), inspection=self._inspections[one.name]
            )
            for probe in self.probes.names
            for one in self.probes.series_of(probe)
            if one.name in block
        }


def _samples(measured: Measured) -> dict[str, Samples]:
    return {name: Samples.of_measurements(ones) for name, ones in measured.items()}
