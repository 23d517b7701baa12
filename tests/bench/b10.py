"""B10: ten real faults on the running demo portal, one after the other, and the cause that a comparison names first.

The baseline is older than the portal's migration, so each cause must be told from all that a healthy deployment
changes. `B10_FAULTS=missing-index,busy-host` meets these faults only.
"""

import asyncio
import os
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import yaml

from baselines import Baseline, Comparison, Outcome, Spacing, Verdict
from baselines.capture import CapturePlan, comparable_probes
from baselines.explanation import Explanation, ExplanationKind
from baselines.plan_shape import PlanShape
from baselines.postgres import PostgresBaselines
from baselines.postgres_ledger import PostgresLedger
from monitor.capturing import Capturing
from monitor.cli.progress import TerminalProgress
from monitor.clock import SystemClock
from monitor.comparing import Comparing, Figures
from monitor.configuration import Configuration, load_configuration
from monitor.database import migrate as migrate_store
from monitor.database import store_pool
from monitor.demo.deployment import migrate
from monitor.demo.faults import Fault, switch
from monitor.demo.portal.misbehaviour import POLL_SECONDS
from monitor.demo.stage import Stage, stage
from monitor.event_loop import run
from probes import ProbeSet, series_of
from tests.bench.result import Result

RIGHT_GOAL, MOST_WRONG = 9, 1

_PLAN = CapturePlan(sessions=5, samples=8, spacing=Spacing.BURST)
# Where calls wait in vain, few of them tell as much and take as long.
_HANGING_PLAN = CapturePlan(sessions=2, samples=4, spacing=Spacing.BURST)
_PATIENCE = "500ms"
_RECOVERY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class _Planted:
    """A fault, the cause that is right for it, and how the portal is captured while it is there."""

    fault: Fault
    right: ExplanationKind
    plan: CapturePlan = _PLAN


_PLANTED = (
    _Planted(Fault.MISSING_INDEX, ExplanationKind.INDEX_GONE),
    _Planted(Fault.INVALID_INDEX, ExplanationKind.INDEX_INVALID),
    _Planted(Fault.GROWN_TABLE, ExplanationKind.ROWS_GROWN),
    _Planted(Fault.MISSING_ANALYZE, ExplanationKind.STATISTICS_STALE),
    _Planted(Fault.CHANGED_SETTING, ExplanationKind.SETTING_CHANGED),
    _Planted(Fault.HELD_LOCK, ExplanationKind.LOCK_WAIT, _HANGING_PLAN),
    _Planted(Fault.EXHAUSTED_POOL, ExplanationKind.POOL_EXHAUSTED, _HANGING_PLAN),
    _Planted(Fault.SLOW_ENDPOINT, ExplanationKind.PHASE_MOVED),
    _Planted(Fault.FAILING_ENDPOINT, ExplanationKind.ERROR_RATE),
    _Planted(Fault.BUSY_HOST, ExplanationKind.HOST_BUSIER),
)


class _Answer(StrEnum):
    """What became of a fault: its cause named first, another one, none at all, or nothing was degraded."""

    RIGHT = "right"
    WRONG = "wrong"
    UNKNOWN = "unknown"
    NOT_FOUND = "not found"


@dataclass(frozen=True, slots=True)
class _Told:
    """What a comparison said of one fault: the worst degraded series, and its causes in order."""

    planted: _Planted
    series: str = ""
    explanations: Sequence[Explanation] = ()

    @property
    def answer(self) -> _Answer:
        if not self.series:
            return _Answer.NOT_FOUND
        if not self.explanations or self.explanations[0].kind is ExplanationKind.UNKNOWN:
            return _Answer.UNKNOWN
        return _Answer.RIGHT if self.explanations[0].kind is self.planted.right else _Answer.WRONG

    def __str__(self) -> str:
        causes = "; then ".join(f"{one.kind}: {one.summary}" for one in self.explanations)
        return f"  {self.planted.fault:18} {self.answer:10} {self.series}: {causes}".rstrip(" :")


def b10() -> Result:
    """The figures are numbers of faults, and of causes that were named where nothing is wrong."""
    wanted = os.environ.get("B10_FAULTS")
    planted = [one for one in _PLANTED if wanted is None or one.fault in wanted.split(",")]
    with tempfile.TemporaryDirectory(prefix="portalwatch-bench-") as folder, stage(Path(folder)) as scene:
        accused, told = run(_run(scene, planted))
    answers = Counter(one.answer for one in told)
    return Result(
        id="B10",
        goal=f"the right cause first in at least {RIGHT_GOAL} of ten faults, a wrong one in at most {MOST_WRONG}, "
        "none without a fault",
        figures={
            **{f"{answer.replace(' ', '_')}_first": [answers[answer]] for answer in _Answer},
            "accused_in_health": [accused],
        },
        met=answers[_Answer.RIGHT] >= RIGHT_GOAL and answers[_Answer.WRONG] <= MOST_WRONG and not accused,
    )


async def _run(scene: Stage, planted: Sequence[_Planted]) -> tuple[int, list[_Told]]:
    """The causes named on the healthy portal, and what was said of each fault."""
    await migrate_store(scene.store_dsn)
    async with store_pool(scene.store_dsn) as pool:
        portal = _Watched(scene, PostgresBaselines(pool), PostgresLedger(pool))
        before = await portal.capture("before", _PLAN, _configuration(scene, migrated=False))
        await migrate(scene.portal_dsn, faults=frozenset(), progress=lambda _phase, _text: None)
        configuration = _configuration(scene, migrated=True)
        plans = await portal.plans(configuration)
        healthy = await portal.compare(before, "healthy", _PLAN, configuration)
        told = []
        for one in planted:
            async with portal.broken_by(one.fault, configuration, plans):
                comparison = await portal.compare(before, one.fault, one.plan, configuration)
            told.append(_told(one, comparison))
            print(told[-1], flush=True)
    return _accused(healthy), told


def _accused(healthy: Comparison) -> int:
    """How many causes stand beside series that somebody would be told of."""
    blamed = [one for one in healthy.series if one.verdict is Verdict.DEGRADED or one.suspected]
    causes = [cause for one in blamed for cause in one.explanations if cause.kind is not ExplanationKind.UNKNOWN]
    for cause in causes:
        print(f"  accused in health: {cause.kind}: {cause.summary}")
    return len(causes)


def _told(planted: _Planted, comparison: Comparison) -> _Told:
    degraded = comparison.having(Verdict.DEGRADED)
    return _Told(planted, degraded[0].series.name, degraded[0].explanations) if degraded else _Told(planted)


def _configuration(scene: Stage, *, migrated: bool) -> Configuration:
    """The demo's, with less patience: a portal that hangs would be waited for through all of the benchmark."""
    scene.configure("phase-2" if migrated else "phase-1", migrated=migrated)
    document = yaml.safe_load(scene.configuration_path.read_text(encoding="utf-8"))
    for probe in document["probes"].values():
        if probe["kind"] == "http":
            probe["timeout"] = _PATIENCE
    scene.configuration_path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return load_configuration(scene.configuration_path, scene.environment)


@dataclass(frozen=True, slots=True)
class _Watched:
    """The demo portal with the store in which its captures are kept."""

    scene: Stage
    store: PostgresBaselines
    ledger: PostgresLedger

    async def capture(self, name: str, plan: CapturePlan, configuration: Configuration) -> Baseline:
        """As `baseline capture` takes it, on connections of its own."""
        async with _probes(configuration) as probes:
            capturing = Capturing(configuration, probes, self.ledger, SystemClock(), TerminalProgress())
            captured = await capturing.capture(name, plan)
        await self.store.save(captured)
        return captured

    async def compare(self, before: Baseline, name: str, plan: CapturePlan, configuration: Configuration) -> Comparison:
        """One look at the portal as it is now."""
        after = await self.capture(name, plan, configuration)
        figures = Figures.load(configuration, series_of(configuration.settings.probes))
        return await Comparing(figures=figures, store=self.store, ledger=self.ledger).judge(before, after)

    async def plans(self, configuration: Configuration) -> Mapping[str, PlanShape | None]:
        """The plan of each probe that is a query. Raises RuntimeError where a probe does not answer as expected."""
        async with _probes(configuration) as probes:
            names = comparable_probes(probes, probes.names)
            measured = [one for name in names for one in await probes.run(name, SystemClock().now())]
            if failed := [one.series for one in measured if one.outcome is not Outcome.OK]:
                raise RuntimeError(f"the demo portal is not well: {', '.join(failed)}")
            return {name: await probes.plan(name) for name in names}

    @asynccontextmanager
    async def broken_by(
        self, fault: Fault, configuration: Configuration, plans: Mapping[str, PlanShape | None]
    ) -> AsyncIterator[None]:
        """The portal with a fault; afterwards it answers again, by the plans it had. Raises RuntimeError."""
        await switch(self.scene.portal_dsn, fault, True)
        await asyncio.sleep(4 * POLL_SECONDS)
        try:
            yield
        finally:
            await switch(self.scene.portal_dsn, fault, False)
        deadline = time.monotonic() + _RECOVERY_SECONDS
        while not await self._is_well(configuration, plans):
            if time.monotonic() > deadline:
                raise RuntimeError(f"the demo portal is not what it was before {fault}")
            await asyncio.sleep(POLL_SECONDS)

    async def _is_well(self, configuration: Configuration, plans: Mapping[str, PlanShape | None]) -> bool:
        try:
            return await self.plans(configuration) == plans
        except RuntimeError:
            return False


def _probes(configuration: Configuration) -> ProbeSet:
    return ProbeSet(configuration.settings.probes, configuration.settings.targets, SystemClock())
