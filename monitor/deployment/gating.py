"""Evaluates a gate: captures, compares, reads the database, and holds each condition of the plan against that."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg

from baselines import Baseline, BaselineError, Clock
from baselines.capture import CapturePlan
from baselines.postgres import PostgresBaselines
from baselines.postgres_ledger import PostgresLedger
from baselines.postgres_workload import PostgresWorkload
from monitor.advising import Advised, Advising
from monitor.capturing import Progress
from monitor.comparing import Comparing, Figures
from monitor.configuration import Configuration
from monitor.deployment.actions import MOVES
from monitor.deployment.deployment import Deployment
from monitor.deployment.limits import look_at_limits
from monitor.deployment.plan_file import database_of
from monitor.deployment.surroundings import Surroundings
from monitor.duel import Duel
from monitor.workload import Workloads
from probes import HttpTarget, PostgresTarget, ProbeSet
from thresholds import Assessment, Finding, Profile
from thresholds.deployment import conditions
from thresholds.deployment.gate import Condition, ConditionResult, Gate, GateResult, GateState
from thresholds.deployment.gate_figures import GateFigures, load_gate_figures
from thresholds.deployment.plan import DeploymentPlan

# What needs a capture.
_MEASURED = frozenset({Condition.COMPARISON, Condition.WORKLOAD, Condition.CACHE})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    """What a gate was captured for: `advice` as a document, `assessment` None where nothing could be captured."""

    assessment: Assessment | None
    advice: Mapping[str, Any]
    captures: tuple[str, ...]
    cache: ConditionResult | None = None


class Gating:
    """Judges gates under one configuration. `say` is told what a person who waits wants to know."""

    def __init__(
        self,
        configuration: Configuration,
        figures: Figures,
        pool: asyncpg.Pool,
        clock: Clock,
        progress: Progress,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._configuration = configuration
        self._figures = figures
        self._store = PostgresBaselines(pool)
        self._ledger = PostgresLedger(pool)
        self._workload = PostgresWorkload(pool)
        self._clock = clock
        self._progress = progress
        self._say = say
        self._gate_figures: GateFigures = load_gate_figures()

    async def judge(self, deployment: Deployment, gate: Gate) -> GateResult:
        """Every condition that the plan asks at that gate. What could not be measured or read is inconclusive.

        Raises ConfigurationError where the plan does not fit the configuration.
        """
        asked = deployment.plan.asked(gate)
        surroundings = self.surroundings(deployment.plan)
        measured = await self._measured(deployment, gate, surroundings) if _MEASURED & set(asked) else None
        results = []
        for condition in asked:
            self._say(f"{condition} …")
            results.append(await self._result(condition, deployment, gate, measured, surroundings))
        return GateResult(
            gate=gate,
            at=self._clock.now(),
            conditions=tuple(results),
            captures=() if measured is None else measured.captures,
            advice=None if measured is None else measured.advice,
        )

    async def limits(self, assessment: Assessment | None = None) -> ConditionResult:
        """Whether anything is over a critical limit now, or was in what was captured."""
        settings = self._configuration.settings
        async with ProbeSet(settings.probes, settings.targets, self._clock) as probes:
            findings, looked_at = await look_at_limits(probes, self._figures, self._clock)
        captured: Sequence[Finding] = () if assessment is None else assessment.findings
        return conditions.limits([*findings, *captured], looked_at)

    async def advise(self, deployment: Deployment, name: str, profile: Profile) -> Advised:
        """Captures under a name and says what the rollback matrix says; what was captured is kept.

        Raises BaselineError where the baseline of the deployment is gone.
        """
        before = await self._store.load(deployment.before)
        plan = deployment.plan.capture
        advising = Advising(
            self._configuration,
            self._comparing(profile),
            CapturePlan(sessions=plan.sessions, samples=plan.samples, spacing=plan.spacing),
            self._clock,
            self._progress,
            self._announce,
            top_up=True,
        )
        advised = await advising.now(before, name=await self._free_name(name))
        await advised.save(self._store)
        return advised

    def surroundings(self, plan: DeploymentPlan) -> "Surroundings":
        """What is read of the watched database besides the probes. Raises ConfigurationError."""
        return Surroundings(database_of(plan, self._configuration.settings), self._gate_figures, self._clock)

    async def _result(
        self,
        condition: Condition,
        deployment: Deployment,
        gate: Gate,
        measured: _Measured | None,
        surroundings: Surroundings,
    ) -> ConditionResult:
        match condition:
            case Condition.COMPARISON | Condition.WORKLOAD:
                assert measured is not None
                return _compared(condition, measured)
            case Condition.CACHE:
                assert measured is not None
                return measured.cache or conditions.cache(None, None, self._gate_figures)
            case Condition.LIMITS:
                return await self.limits(None if measured is None else measured.assessment)
            case Condition.REHEARSAL:
                return await self._rehearsed(deployment, gate)
            case _:
                return await surroundings.result(condition, deployment)

    async def _measured(self, deployment: Deployment, gate: Gate, surroundings: Surroundings) -> _Measured:
        earlier = self._fresh(deployment)
        if earlier is not None:
            try:
                return await self._judged_again(deployment, gate, earlier)
            except BaselineError:
                pass  # somebody deleted it
        before = await surroundings.cache()
        name = f"{deployment.name}-{str(gate).replace(' ', '-')}"
        advised = await self.advise(deployment, name, deployment.plan.profile_of(gate))
        return _Measured(
            assessment=advised.assessment,
            advice=advice_document(advised),
            captures=() if advised.capture is None else (advised.capture.name,),
            cache=await surroundings.warmth(before),
        )

    async def _judged_again(self, deployment: Deployment, gate: Gate, earlier: GateResult) -> _Measured:
        """What was captured for the gate before this one, held against this one's tolerance."""
        comparing = self._comparing(deployment.plan.profile_of(gate))
        before = await self._store.load(deployment.before)
        capture = await self._store.load(earlier.captures[0])
        materials = await comparing.materials(before, capture, look=await comparing.look_due(capture))
        assessment = comparing.assess(materials.judged(), materials.taken_at)
        self._say(f"judging {capture.name}, which is fresh")
        return _Measured(
            assessment=assessment,
            advice=advice_document(Advised(advice=assessment.advice, assessment=assessment)),
            captures=earlier.captures,
            cache=next((one for one in earlier.conditions if one.condition is Condition.CACHE), None),
        )

    async def _rehearsed(self, deployment: Deployment, gate: Gate) -> ConditionResult:
        rehearsal = deployment.plan.rehearsal
        assert rehearsal is not None  # the plan has been checked
        targets = self._configuration.settings.targets
        old, new = (targets[name] for name in (rehearsal.old, rehearsal.new))
        duel = Duel.between(
            self._configuration,
            _address_of(old),
            _address_of(new),
            target=rehearsal.target,
            profile=deployment.plan.profile_of(gate),
        )
        assessment, _ = await duel.fight(self._clock, pairs=rehearsal.pairs)
        return conditions.rehearsal(assessment)

    def _comparing(self, profile: Profile) -> Comparing:
        workloads = Workloads.of(self._workload, self._configuration.settings.probes)
        return Comparing(
            figures=self._figures, store=self._store, ledger=self._ledger, profile=profile, workloads=workloads
        )

    def _announce(self, _capture: Baseline, series: Collection[str], sessions: int) -> None:
        self._say(f"not decided yet, so {sessions} further sessions of: {', '.join(sorted(series))}")

    async def _free_name(self, name: str) -> str:
        taken = {one.name for one in await self._store.summaries()}
        numbered = (f"{name}-{number}" for number in range(2, len(taken) + 3))
        return next(one for one in (name, *numbered) if one not in taken)

    def _fresh(self, deployment: Deployment) -> GateResult | None:
        """The last result with a capture, where that is still the same system: nothing happened since but gates."""
        holds = timedelta(seconds=self._gate_figures.capture_fresh_seconds)
        results = [one.result for one in deployment.standings.values() if one.result.captures]
        last = max(results, key=lambda one: one.at, default=None)
        if last is None or self._clock.now() - last.at > holds or last.state is GateState.INCONCLUSIVE:
            return None
        moved = any(one.at > last.at for one in deployment.events if one.kind in MOVES)
        return None if moved else last


def _compared(condition: Condition, measured: _Measured) -> ConditionResult:
    assessment = measured.assessment
    if assessment is None:
        return ConditionResult(condition, GateState.CLOSED, ("nothing of the core functionality answers",))
    ask = conditions.comparison if condition is Condition.COMPARISON else conditions.workload
    return ask(assessment)


def _address_of(target: PostgresTarget | HttpTarget) -> str:
    return target.url.get_secret_value() if isinstance(target, PostgresTarget) else str(target.url)


def advice_document(advised: Advised) -> dict[str, Any]:
    """The advice as it is kept and shown."""
    advice = advised.advice
    return {
        "action": advice.action,
        "rollback_tier": advice.rollback_tier,
        "reason": advice.reason,
        "evidence": list(advice.evidence),
        "probability": {"over_25": advice.over_25, "over_40": advice.over_40},
        "decided_by": advice.decided_by,
        "time_limit_minutes": advice.time_limit_minutes,
    }
