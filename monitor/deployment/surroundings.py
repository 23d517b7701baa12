"""What a deployment reads of the watched database besides its probes: integrity, catalogue, cache, checklist, score."""

from collections.abc import Collection, Mapping

from baselines import Clock, Reason
from monitor.deployment.deployment import Deployment
from monitor.deployment.evaluated import Evaluated, evaluate, wanted_for
from monitor.deployment.following import follow
from monitor.deployment.reading import known, read_wanted
from monitor.errors import CannotRunError
from probes import PostgresTarget, ProbeFailed
from probes.database.connected import connected
from probes.deployment.cache import BlockCounts, read_blocks
from probes.deployment.facts import DatabaseFacts
from probes.deployment.integrity import ask
from probes.deployment.migration_log import read_log
from thresholds.deployment import conditions
from thresholds.deployment.checklist import ChecklistResult
from thresholds.deployment.fact import Fact, Figure, Names, Wanted
from thresholds.deployment.gate import Condition, ConditionResult, GateState
from thresholds.deployment.gate_figures import GateFigures
from thresholds.deployment.integrity import IntegrityCheck, IntegrityFigure, hold
from thresholds.deployment.plan import DeploymentPlan

_NO_DATABASE = "no database is configured"
_NOTHING = Wanted(frozenset(), frozenset(), frozenset(), {})
# What is done lately is in the server's counters some ten seconds later.
_COUNTERS_SECONDS = 10.0


class Surroundings:
    """Of one database, by its target's name; None where the configuration has none. Connections are opened for each
    look, because a gate comes once in hours."""

    def __init__(self, database: tuple[str, PostgresTarget] | None, figures: GateFigures, clock: Clock) -> None:
        self._database = database
        self._figures = figures
        self._clock = clock

    async def result(self, condition: Condition, deployment: Deployment) -> ConditionResult:
        """What a condition that is about the database says now."""
        match condition:
            case Condition.INTEGRITY:
                return await self._integrity(deployment)
            case Condition.CHECKLIST:
                return _of_checklist((await self.evaluated(deployment)).checklist)
            case Condition.OPERATIONS if deployment.plan.follow:
                return await self._followed(deployment)
        try:
            facts = await self._facts(deployment, _NOTHING)
        except ProbeFailed as failure:
            return ConditionResult(condition, GateState.INCONCLUSIVE, (f"the database could not be read: {failure}",))
        troubles = facts.troubles
        match condition:
            case Condition.STATISTICS:
                return conditions.statistics(facts.stale_tables, troubles.get("stale_tables", ""))
            case Condition.INDEXES:
                return conditions.indexes(facts.invalid_indexes, troubles.get("invalid_indexes", ""))
            case Condition.OPERATIONS:
                return conditions.operations(facts.failed_operations, troubles.get("failed_operations", ""))
        raise ValueError(f"{condition} is not about the database")

    async def answers(self, plan: DeploymentPlan, completed: Collection[str]) -> dict[str, IntegrityFigure]:
        """The integrity plan's answers now, of what may be asked once these phases are completed.

        Raises CannotRunError where the database can't be asked at all.
        """
        checks = [one for one in plan.integrity.checks() if one.after is None or one.after in completed]
        if not checks:
            return {}
        try:
            return await self._answers(checks)
        except ProbeFailed as failure:
            raise CannotRunError(f"what must not get lost can't be counted: {failure}") from failure

    async def evaluated(self, deployment: Deployment) -> Evaluated:
        """Checklist and health score as they are now."""
        return evaluate(deployment, await self._known(deployment, wanted_for(deployment)))

    async def cache(self) -> BlockCounts | None:
        """How many blocks came out of the cache so far, None where that can't be read."""
        try:
            async with connected(self._target()) as connection:
                return await read_blocks(connection)
        except ProbeFailed:
            return None

    async def warmth(self, before: BlockCounts | None) -> ConditionResult:
        """Whether what was read since came out of the cache."""
        if before is None:
            return conditions.cache(None, None, self._figures)
        await self._clock.sleep(_COUNTERS_SECONDS)
        after = await self.cache()
        same = after is not None and (after.reset_at, after.started_at) == (before.reset_at, before.started_at)
        if after is None or not same:
            return conditions.cache(None, None, self._figures)
        return conditions.cache(after.hits - before.hits, after.reads - before.reads, self._figures)

    async def _integrity(self, deployment: Deployment) -> ConditionResult:
        checks = deployment.plan.integrity.checks()
        try:
            now = await self.answers(deployment.plan, deployment.completed_phases)
        except CannotRunError as error:
            return ConditionResult(Condition.INTEGRITY, GateState.INCONCLUSIVE, (str(error),))
        return conditions.integrity(hold(checks, deployment.integrity, now))

    async def _answers(self, checks: Collection[IntegrityCheck]) -> dict[str, IntegrityFigure]:
        asked = [(one.name, one.sql) for one in checks]
        target = self._target()
        found = await ask(target, asked, self._clock, self._figures.integrity_timeout_seconds)
        return {name: IntegrityFigure(one.value, one.trouble) for name, one in found.items()}

    async def _followed(self, deployment: Deployment) -> ConditionResult:
        """What failed and was not carried out since, by what was followed so far and what the log says besides now."""
        try:
            async with connected(self._target()) as connection:
                logged = await read_log(connection, deployment.opened_at)
        except ProbeFailed as failure:
            return conditions.operations(None, str(failure))
        now = self._clock.now()
        followed = deployment.after(follow(deployment, logged or [], now), now)
        return conditions.operations(sum(one.failed_operations for one in followed.phases.values()))

    async def _known(self, deployment: Deployment, wanted: Wanted) -> Mapping[str, Fact]:
        try:
            return known(await self._facts(deployment, wanted))
        except ProbeFailed as failure:
            why = f"the database could not be read: {failure}"
            return {name: Fact(trouble=why) for name in (*Figure, *Names, *wanted.questions)}

    async def _facts(self, deployment: Deployment, wanted: Wanted) -> DatabaseFacts:
        async with connected(self._target()) as connection:
            return await read_wanted(connection, wanted, deployment.opened_at)

    def _target(self) -> PostgresTarget:
        if self._database is None:
            raise ProbeFailed(Reason.INTERNAL, _NO_DATABASE)
        return self._database[1]


def _of_checklist(result: ChecklistResult) -> ConditionResult:
    told = result.reasons or (f"{len(result.lines)} items, all in order",)
    return ConditionResult(Condition.CHECKLIST, result.state, told)
