"""Captures a baseline with the configured probes, and takes further sessions when a suspicion asks for them."""

import os
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from importlib.metadata import version
from typing import Protocol

import psutil

from baselines import (
    RULE_VERSION,
    Baseline,
    BaselineStore,
    CaptureConditions,
    Clock,
    Forced,
    Ledger,
    Measurement,
    Outcome,
    Reason,
    Spacing,
)
from baselines.capture import CapturePlan, calls_of, capture_sessions, comparable_probes
from baselines.ledger import release_entry
from baselines.postgres_workload import PostgresWorkload
from monitor.configuration import Configuration
from monitor.errors import CannotRunError, ConfigurationError
from monitor.user import user_name
from monitor.workload import CAPTURE_BIN_SECONDS, bins_kept
from probes import ProbeSet
from probes.ledger import LedgerReader
from probes.workload.deltas import WorkloadReader

# Whoever lets us wait is there, and how long and how often is what a capture tells.
_LEFT_WAITING = frozenset({Reason.READ_TIMEOUT, Reason.DEADLINE, Reason.LOCK_TIMEOUT, Reason.STATEMENT_TIMEOUT})


class Progress(Protocol):
    """Shows a person how far something slow is; silent in a pipe."""

    def track(self, title: str, total: int) -> AbstractContextManager[Callable[[], None]]:
        """A context whose value is called once for each of `total` steps."""
        ...


def standard_plan(sessions: int, samples: int, *, quick: bool) -> CapturePlan:
    """The campaign of `baseline capture`. Raises ConfigurationError for numbers that make none."""
    try:
        return CapturePlan(sessions=sessions, samples=samples, spacing=Spacing.BURST if quick else Spacing.SPREAD)
    except ValueError as error:
        raise ConfigurationError(str(error)) from error


@dataclass(frozen=True, slots=True)
class Campaign:
    """A capture that can begin: each target of its probes has answered.

    `calls_seconds` is what one call of each probe takes, connections open.
    """

    plan: CapturePlan
    probes: Sequence[str]
    calls_seconds: float

    @property
    def seconds(self) -> float:
        """How long it will take, more or less."""
        return self.plan.seconds(self.calls_seconds)


class Capturing:
    """Captures with one configuration. `probes` stays open between captures, so only the first one is cold.

    What explains a change is written into the ledger at the start and the end of each, service or not; so is what the
    portal's statements take meanwhile, where there is a `workload` to keep it.
    """

    def __init__(
        self,
        configuration: Configuration,
        probes: ProbeSet,
        ledger: Ledger,
        clock: Clock,
        progress: Progress,
        workload: PostgresWorkload | None = None,
    ) -> None:
        self._configuration = configuration
        self._probes = probes
        self._ledger = ledger
        self._reader = LedgerReader(configuration.settings.targets, probes.links, clock)
        self._clock = clock
        self._progress = progress
        self._workload = workload

    async def capture(
        self,
        name: str,
        plan: CapturePlan,
        *,
        globs: Sequence[str] = (),
        release: str | None = None,
        though_away: bool = False,
    ) -> Baseline:
        """A new baseline, not yet stored, whatever state host and databases are in. Raises as `prepare` does."""
        return await self.carry_out(await self.prepare(plan, globs, though_away=though_away), name, release=release)

    async def prepare(self, plan: CapturePlan, globs: Sequence[str] = (), *, though_away: bool = False) -> Campaign:
        """Run each probe once for its target to show that it is there, and once more for its time.

        Raises ConfigurationError where no probe fits the globs, CannotRunError where a whole target can't be reached;
        `though_away` takes such a target's failures for what there is to be measured.
        """
        chosen = self._choose(globs)
        if not though_away:
            await self._check_targets(chosen)
        started = self._clock.monotonic()
        for probe in chosen:
            await self._probes.run(probe, self._clock.now())
        return Campaign(plan, chosen, self._clock.monotonic() - started)

    async def carry_out(
        self,
        campaign: Campaign,
        name: str,
        *,
        by: str | None = None,
        release: str | None = None,
        forced: Forced | None = None,
    ) -> Baseline:
        """A new baseline, not yet stored, captured by you unless somebody is named; `forced` is a condition of it."""
        plan, chosen = campaign.plan, campaign.probes
        settings = self._configuration.settings
        release = release or settings.release
        await self._note_state(release, self._clock.now())
        async with self._workload_kept(plan.spacing):
            with self._progress.track(f"capturing {name}", calls_of(plan, chosen)) as advanced:
                sessions = await capture_sessions(
                    plan,
                    chosen,
                    self._probes,
                    conditions=lambda: capture_conditions(self._configuration, plan.spacing, release, forced),
                    clock=self._clock,
                    order=random.Random(),
                    advanced=advanced,
                    beside=[one for one in self._probes.names if not comparable_probes(self._probes, [one])],
                )
        captured = Baseline(
            name=name,
            environment=settings.environment,
            release=release,
            captured_by=by or user_name(),
            series={one.name: one for probe in chosen for one in self._probes.series_of(probe) if one.is_duration},
            sessions=sessions,
        )
        await self._note_state(release, captured.finished_at)
        return captured

    async def further(
        self, capture: Baseline, series: Collection[str], sessions: int, name: str, *, though_away: bool = False
    ) -> Baseline | None:
        """Further sessions of some series under the plan of the capture; None where a target does not answer, unless
        that is to be measured."""
        chosen = [
            probe for probe in self._choose(()) if any(one.name in series for one in self._probes.series_of(probe))
        ]
        if not chosen:
            return None
        plan = further_plan(capture, series, sessions)
        try:
            return await self.capture(name, plan, globs=chosen, release=capture.release, though_away=though_away)
        except CannotRunError:
            return None

    def _workload_kept(self, spacing: Spacing) -> AbstractAsyncContextManager[None]:
        """Within it, what the portal's statements take is kept."""
        if self._workload is None:
            return nullcontext()
        settings = self._configuration.settings
        reader = WorkloadReader(settings.targets, self._probes.links, self._clock)
        return bins_kept(reader, self._workload, settings.environment, CAPTURE_BIN_SECONDS[spacing], self._clock)

    async def _note_state(self, release: str, at: datetime) -> None:
        for entry in [*await self._reader.read(at), release_entry(release, at)]:
            await self._ledger.append(self._configuration.settings.environment, entry)

    def _choose(self, globs: Sequence[str]) -> list[str]:
        names = comparable_probes(self._probes, self._probes.names)
        chosen = [name for name in names if not globs or any(fnmatchcase(name, glob) for glob in globs)]
        if not chosen:
            known = ", ".join(names) or "none that measures a time"
            raise ConfigurationError(f"no probe fits; the configured ones are: {known}")
        return chosen

    async def _check_targets(self, chosen: Sequence[str]) -> None:
        """One run of each probe: a target none of whose probes comes through can't be measured, unless it lets them
        wait."""
        by_target = defaultdict[str, list[Measurement]](list)
        for probe in chosen:
            target = self._configuration.settings.probes[probe].target or probe
            by_target[target] += await self._probes.run(probe, self._clock.now())
        for target, measurements in by_target.items():
            reasons = {one.reason for one in measurements if one.reason and one.outcome is not Outcome.FAILED_ASSERTION}
            failed = all(one.outcome in (Outcome.ERROR, Outcome.TIMEOUT) for one in measurements)
            if failed and reasons.isdisjoint(_LEFT_WAITING):
                raise CannotRunError(
                    f"target {target} can't be measured: every probe of it failed ({', '.join(sorted(reasons))}); "
                    f"try one with `portalwatch check`, and see that targets.{target} says where it is and who we are"
                )


def capture_conditions(
    configuration: Configuration, spacing: Spacing, release: str, forced: Forced | None = None
) -> CaptureConditions:
    """What a capture session of now is taken under, over connections that are kept."""
    return CaptureConditions(
        spacing=spacing,
        connection_mode="kept alive",
        host_load=host_load(),
        release=release,
        configuration_hash=configuration.hash,
        rule_version=RULE_VERSION,
        prober_version=version("portalwatch"),
        forced=forced,
    )


def host_load() -> float | None:
    """The one-minute load average per processor, None where the system has none."""
    try:
        return psutil.getloadavg()[0] / (os.cpu_count() or 1)
    except OSError:
        return None


def further_plan(capture: Baseline, series: Collection[str], sessions: int) -> CapturePlan:
    """So many further sessions of some series, as the capture was planned."""
    # The longest session is as long as was planned: what the prober disturbed is missing in the others.
    samples = max(len(session.samples.get(one, ())) for session in capture.sessions for one in series)
    return CapturePlan(sessions=sessions, samples=samples, spacing=capture.sessions[0].conditions.spacing)


class FurtherSessions:
    """Takes the further sessions that `Comparing.judge_surely` asks for. `announce` is told before each campaign what
    is measured again, `keep` is handed what came of it. `away`: whether a target did not answer, which `though_away`
    measures like anything else.
    """

    def __init__(
        self,
        capturing: Capturing,
        store: BaselineStore,
        *,
        announce: Callable[[Baseline, Collection[str], int], None],
        keep: Callable[[Baseline], Awaitable[None]],
        though_away: bool = False,
    ) -> None:
        self.away = False
        self._though_away = though_away
        self._capturing = capturing
        self._store = store
        self._announce = announce
        self._keep = keep

    async def __call__(self, capture: Baseline, series: Collection[str], sessions: int) -> Baseline | None:
        """The capture with so many further sessions of these series; None where a target does not answer."""
        self._announce(capture, series, sessions)
        name = await further_name(self._store, capture.name)
        more = await self._capturing.further(capture, series, sessions, name, though_away=self._though_away)
        if more is None:
            self.away = True
            return None
        await self._keep(more)
        return capture.extended(more.sessions)


async def further_name(store: BaselineStore, name: str) -> str:
    """A free name for a capture that extends `name`: `post+1`, `post+2` …"""
    taken = {one.name for one in await store.summaries()}
    return next(candidate for number in range(1, len(taken) + 2) if (candidate := f"{name}+{number}") not in taken)


def is_fresh(finished_at: datetime, now: datetime) -> bool:
    """Whether a capture is so recent (an hour) that what is measured now is still the same system."""
    return (now - finished_at).total_seconds() < 3600
