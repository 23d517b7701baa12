"""The configured probes, ready to be run one by one: deadline, lateness, own delay and error mapping live here."""

import asyncio
import logging
import math
import secrets
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Self

from baselines.clock import Clock
from baselines.evidence import Origin
from baselines.inspection import Inspection
from baselines.measurement import Measurement, Outcome, Reason
from baselines.plan_shape import PlanShape
from baselines.series import Series, SeriesRegistry
from probes.errors import ProbeFailed, UnknownProbeError, outcome_of
from probes.probe import Links, Probe, ProbeRun
from probes.reading import Reading
from probes.registry import load_probe_kinds
from probes.settings import ProbeSettings, check_probes, series_of
from probes.slot import Slot
from probes.stopwatch import LoopDelay, Stopwatch
from probes.targets import HttpTarget, PostgresTarget

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Observation:
    """One run in full: the measurement of each series, and what the run kept besides; None where it was left out."""

    measurements: list[Measurement]
    run: ProbeRun | None


class ProbeSet:
    """All probes of a configuration. Nothing is opened before the first run; leaving the context closes everything.

    Raises pydantic's ValidationError where probes and targets do not fit together (see `check_probes`).
    """

    def __init__(
        self,
        probes: Mapping[str, ProbeSettings],
        targets: Mapping[str, PostgresTarget | HttpTarget],
        clock: Clock,
    ) -> None:
        check_probes(probes, targets)
        kinds = load_probe_kinds()
        self.series: SeriesRegistry = series_of(probes)
        self._clock = clock
        self._loop_delay = LoopDelay(clock)
        self._links = Links(targets, clock)
        self._slots = {name: Slot(one, kinds[one.kind].make(one, self._links)) for name, one in probes.items()}
        self._held_until, self._held_because = -math.inf, ""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.reconnect()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the probes, in the order of the configuration."""
        return tuple(self._slots)

    @property
    def inspectable(self) -> tuple[str, ...]:
        """The names of the probes that can be looked into."""
        return tuple(name for name, slot in self._slots.items() if type(slot.probe).inspect is not Probe.inspect)

    @property
    def links(self) -> Links:
        """The ways to the targets, for whoever looks at them besides the probes, in turn with these."""
        return self._links

    def series_of(self, probe_name: str) -> tuple[Series, ...]:
        """The series that probe measures. Raises UnknownProbeError."""
        return self._slot(probe_name).series

    def origin_of(self, probe_name: str) -> Origin:
        """What that probe asks, and of whom. Raises UnknownProbeError."""
        settings = self._slot(probe_name).settings
        return Origin(settings.target, settings.definition)

    def hold_back(self, seconds: float, why: str) -> None:
        """For so many seconds from now, probes that do what people do are skipped; 0 lets them go on."""
        self._held_until, self._held_because = self._clock.monotonic() + seconds, why

    async def run(self, probe_name: str, intended_at: datetime) -> list[Measurement]:
        """One look now: a measurement for each series of the probe, whatever happens.

        Waiting for an earlier run of the same probe, or for the one connection of a database, comes before the start
        and shows as lateness. A run that does not get its turn within its deadline is skipped, and so is one that is
        due while the probe backs off. Raises UnknownProbeError, and CancelledError where the caller is cancelled.
        """
        return (await self.observe(probe_name, intended_at)).measurements

    async def observe(self, probe_name: str, intended_at: datetime) -> Observation:
        """As `run`, with phases, assertions and details for a person to read."""
        slot = self._slot(probe_name)
        if self._is_held(slot):
            return self._left_out(slot, Reason.PAUSED, self._held_because, intended_at)
        if why := slot.back_off.why(self._clock.monotonic()):
            return self._left_out(slot, Reason.BACKING_OFF, why, intended_at)
        observation = await slot.in_turn(partial(self._carry_out, slot, intended_at))
        if observation is None:
            why = f"the way to the target was busy for {slot.limit_seconds:g} s with other probes"
            return self._left_out(slot, Reason.BUSY, why, intended_at)
        return observation

    async def plan(self, probe_name: str) -> PlanShape | None:
        """The plan of that probe; None where its kind has no plans or none could be had. Raises UnknownProbeError."""
        inspection = await self.inspect(probe_name)
        return None if inspection is None else inspection.plan

    async def inspect(self, probe_name: str) -> Inspection | None:
        """How the target carries out that probe; None where that can't be looked into, or could not be (logged).

        Raises UnknownProbeError.
        """
        slot = self._slot(probe_name)
        if self._is_held(slot) or slot.back_off.why(self._clock.monotonic()):
            return None
        return await slot.in_turn(partial(self._inspect, slot))

    async def reconnect(self) -> None:
        """Drop every connection once the runs in flight have ended; the next run of each probe connects anew."""
        async with AsyncExitStack() as runs:
            for slot in self._slots.values():
                await runs.enter_async_context(slot.lock)
            await self._links.close()

    def _slot(self, probe_name: str) -> Slot:
        try:
            return self._slots[probe_name]
        except KeyError:
            known = ", ".join(self._slots) or "none"
            raise UnknownProbeError(f"there is no probe {probe_name!r}; there are: {known}") from None

    def _is_held(self, slot: Slot) -> bool:
        return slot.settings.acts_as_user and self._clock.monotonic() < self._held_until

    def _new_run(self, slot: Slot) -> ProbeRun:
        stopwatch = Stopwatch(self._clock, self._loop_delay)
        return ProbeRun(slot.runs, secrets.token_hex(16), self._clock, stopwatch)

    async def _inspect(self, slot: Slot) -> Inspection | None:
        name, started = slot.settings.name, self._clock.monotonic()
        try:
            async with asyncio.timeout(slot.limit_seconds):
                return await slot.probe.inspect(self._new_run(slot))
        except ProbeFailed as failure:
            logger.warning("probe %s: no look inside: %s", name, failure)
            if failure.reason is Reason.GAVE_WAY:
                slot.back_off.note(failure.reason, started)
        except TimeoutError:
            logger.warning("probe %s: no look inside within %g s", name, slot.limit_seconds)
        except Exception:
            logger.exception("probe %s: a fault of the prober while it looked inside", name)
        return None

    async def _carry_out(self, slot: Slot, intended_at: datetime) -> Observation:
        run = self._new_run(slot)
        slot.runs += 1
        started_at = self._clock.now()
        started = self._clock.monotonic()
        readings = await self._look(slot, run)
        waited_seconds = self._clock.monotonic() - started
        slot.back_off.note(next((one.reason for one in readings if one.reason), None), started)
        return Observation(
            [_measurement(slot, reading, run, intended_at, started_at, waited_seconds) for reading in readings], run
        )

    def _left_out(self, slot: Slot, reason: Reason, why: str, intended_at: datetime) -> Observation:
        """A run that did not take place."""
        now = self._clock.now()
        return Observation(
            [
                Measurement(
                    series=series.name,
                    intended_at=intended_at,
                    started_at=now,
                    outcome=Outcome.SKIPPED,
                    reason=reason,
                    detail=why,
                )
                for series in slot.series
            ],
            None,
        )

    async def _look(self, slot: Slot, run: ProbeRun) -> Sequence[Reading]:
        """The readings of one run within its deadline; one with a reason for each series where it failed."""
        name, limit = slot.settings.name, slot.limit_seconds
        extra = {"correlation_id": run.correlation_id}
        try:
            async with asyncio.timeout(limit) as deadline:
                readings = await slot.probe.run(run)
            slot.require_all_series(readings)
            logger.debug("probe %s: run %d ended well", name, run.number, extra=extra)
            return readings
        except ProbeFailed as failure:
            reason, detail = failure.reason, str(failure)
            logger.info("probe %s failed (%s): %s", name, reason, failure, extra=extra)
        except Exception as error:
            if isinstance(error, TimeoutError) and deadline.expired():
                reason, detail = Reason.DEADLINE, f"no answer within {limit:g} s"
                logger.info("probe %s: %s", name, detail, extra=extra)
            else:
                reason, detail = Reason.INTERNAL, f"a fault of the prober ({type(error).__name__}); its log says more"
                logger.exception("probe %s: a fault of the prober", name, extra=extra)
        finally:
            run.stopwatch.stop()
        return [Reading(metric=series.metric, reason=reason, detail=detail) for series in slot.series]


def _measurement(
    slot: Slot,
    reading: Reading,
    run: ProbeRun,
    intended_at: datetime,
    started_at: datetime,
    waited_seconds: float,
) -> Measurement:
    series = slot.series_of(reading)
    outcome = Outcome.OK if reading.reason is None else outcome_of(reading.reason)
    if outcome is Outcome.TIMEOUT and not series.is_duration:
        outcome = Outcome.ERROR  # the time waited would be no value of a ratio
    return Measurement(
        series=series.name,
        intended_at=intended_at,
        started_at=started_at,
        outcome=outcome,
        value=waited_seconds if outcome is Outcome.TIMEOUT else reading.value,
        reason=reading.reason,
        phases=dict(run.phases),
        prober_delay_seconds=run.stopwatch.delay_seconds,
        correlation_id=run.correlation_id,
        detail=reading.detail,
    )
