"""The demo's migration as the companion knows it: phases out of the portal's own log, and the gate at their end."""

from dataclasses import asdict
from datetime import datetime

import asyncpg

from monitor.advising import Advised
from monitor.clock import SystemClock
from monitor.demo.deployment import PHASES
from monitor.deployment.actions import go_live, judge_gate
from monitor.deployment.event import EventKind, NewEvent
from monitor.deployment.following import follow
from monitor.deployment.gating import advice_document
from monitor.deployment.postgres import PostgresDeployments
from probes import PostgresTarget
from probes.deployment.integrity import ask
from probes.deployment.migration_log import read_log
from thresholds import Assessment
from thresholds.deployment import conditions
from thresholds.deployment.gate import Gate, GateResult, GateState, Side
from thresholds.deployment.integrity import IntegrityFigure, hold
from thresholds.deployment.plan import DeploymentPlan

NAME = "phase-2-migration"
_LEAD = "the demo"
_LAST = f"phase_{max(PHASES)}"
# Minutes instead of hours, and one gate at the end: nobody wants to watch a capture after each phase.
_PLAN = DeploymentPlan.model_validate(
    {
        "title": "The migration of the demo portal",
        "follow": True,
        "phases": {
            f"phase_{number}": {
                "title": title,
                "expected": ["1 s", "10 min"],
                "before": [],
                "after": ["comparison", "integrity"] if number == max(PHASES) else [],
            }
            for number, title in PHASES.items()
        },
        "integrity": {"rows": ["client_groups", "client_products", "portfolios", "portfolio_valuations"]},
    }
)


class Led:
    """One deployment, kept in the demo's store."""

    def __init__(self, pool: asyncpg.Pool, environment: str, database: PostgresTarget) -> None:
        self._deployments = PostgresDeployments(pool, environment)
        self._database = database
        self._clock = SystemClock()

    async def open(self, before: str) -> None:
        """Before the migration: what must not get lost is counted."""
        answers = await self._answers()
        detail = {
            "plan": _PLAN.model_dump(mode="json"),
            "before": before,
            "integrity": {name: asdict(one) for name, one in answers.items()},
        }
        await self._deployments.open(NAME, NewEvent(kind=EventKind.OPENED, by=_LEAD, detail=detail), self._now())

    async def follow(self, portal_dsn: str) -> None:
        """After it: the phases are as the portal's own log has them."""
        connection = await asyncpg.connect(portal_dsn)
        try:
            opened = await self._deployments.current(NAME)
            logged = await read_log(connection, opened.opened_at) or []
        finally:
            await connection.close()
        await self._deployments.change(lambda one: follow(one, logged, self._now()), self._now())

    async def judge(self, assessment: Assessment, captured: str) -> GateState:
        """The gate behind the last phase, out of the comparison that was made; open, it goes live."""
        opened = await self._deployments.current(NAME)
        held = hold(_PLAN.integrity.checks(), opened.integrity, await self._answers())
        result = GateResult(
            gate=Gate(Side.AFTER, _LAST),
            at=self._now(),
            conditions=(conditions.comparison(assessment), conditions.integrity(held)),
            captures=(captured,),
            advice=advice_document(Advised(advice=assessment.advice, assessment=assessment)),
        )
        await self._deployments.change(lambda one: judge_gate(one, result, _LEAD, opened.number), self._now())
        if result.state is GateState.OPEN:
            await self._deployments.change(lambda one: go_live(one, _LEAD, self._now()), self._now())
        return result.state

    async def _answers(self) -> dict[str, IntegrityFigure]:
        checks = [(one.name, one.sql) for one in _PLAN.integrity.checks()]
        found = await ask(self._database, checks, self._clock)
        return {name: IntegrityFigure(one.value, one.trouble) for name, one in found.items()}

    def _now(self) -> datetime:
        return self._clock.now()
