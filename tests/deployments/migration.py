"""The customer's migration as it might go, played into a store by the actions that people and services take."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from monitor.deployment.actions import (
    begin_phase,
    close,
    decide_rollback,
    end_phase,
    finish_recovery,
    go_live,
    judge_gate,
    override_gate,
    sign_off,
)
from monitor.deployment.deployment import Deployment, Outcome
from monitor.deployment.event import EventKind, NewEvent
from monitor.deployment.phase import PhaseStatus
from monitor.deployment.postgres import PostgresDeployments
from thresholds.deployment.gate import RECOVERY, Condition, ConditionResult, Gate, GateResult, GateState, Side
from thresholds.deployment.plan import load_shipped_plan

NAME = "v42"
SLOW = "database_queries.portfolio_valuation_aggregation"
# What somebody types who means no good, or only likes brackets.
NASTY = "<b>the &nightly& backup</b> was running"
CLOSED = (
    f"{SLOW} is 6.41 times as slow (interval 6.02 to 6.83, tolerance 1.15)",
    "the index valuations_by_date on portfolio_valuations is gone",
    "api_endpoints.portfolio_summary_page is 1.90 times as slow (interval 1.81 to 2.01, tolerance 1.15)",
)
KEPT = (
    "rows of client_groups: 214, as before",
    "rows of portfolios: 1,377, as before",
    "rows of portfolio_valuations: 1,204,511, 1,203,998 before",
    "orphans of client_products.client_id: 0, as before",
    "sum of valuations: 912,334,817.42, as before",
)
ADVICE: Mapping[str, Any] = {
    "action": "rollback",
    "rollback_tier": 1,
    "over_25": 0.999,
    "over_40": 0.995,
    "reason": f"{SLOW} is more than 40 % slower than before (over 99 %)",
    "decided_by": "application administrator, deployment lead approves",
    "time_limit_minutes": 15,
    "evidence": [CLOSED[0], CLOSED[1]],
}
_COUNTED: Mapping[str, float] = {
    "rows of client_groups": 214.0,
    "rows of portfolios": 1377.0,
    "rows of portfolio_valuations": 1_203_998.0,
    "sum of valuations": 912_334_817.42,
}


@dataclass
class Player:
    """Plays into a store, at hours before `end`."""

    deployments: PostgresDeployments
    end: datetime

    async def open(self, hours: float, *, name: str = NAME, plan: str = "migration") -> None:
        """It begins."""
        detail = {
            "plan": load_shipped_plan(plan).model_dump(mode="json"),
            "before": "before-v42",
            "integrity": {check: {"value": value, "trouble": ""} for check, value in _COUNTED.items()},
        }
        await self.deployments.open(name, NewEvent(kind=EventKind.OPENED, by="ann", detail=detail), self.at(hours))

    def at(self, hours: float) -> datetime:
        """So long before the end."""
        return self.end - timedelta(hours=hours)

    async def do(self, hours: float, decide: Callable[[Deployment, datetime], Iterable[NewEvent]]) -> Deployment:
        """One action at that time."""
        now = self.at(hours)
        return await self.deployments.change(lambda one: decide(one, now), now)

    async def phase(self, name: str, begun: float, ended: float, by: str = "ann") -> None:
        """A phase from its gate, which is open, to its end."""
        await self.judge(begun + 0.05, Gate(Side.BEFORE, name))
        await self.do(begun, lambda one, now: begin_phase(one, name, by, now))
        await self.do(ended, lambda one, _: end_phase(one, name, PhaseStatus.COMPLETED, by))

    async def judge(
        self,
        hours: float,
        gate: Gate,
        found: Mapping[Condition, tuple[GateState, Sequence[str]]] | None = None,
        advice: Mapping[str, Any] | None = None,
    ) -> None:
        """A gate is judged: what it asks is open but for what was `found`."""
        plan = (await self.deployments.current()).plan
        given = {Condition.INTEGRITY: (GateState.OPEN, KEPT), **(found or {})}
        conditions = tuple(
            ConditionResult(one, *_result(given.get(one, (GateState.OPEN, ())))) for one in plan.asked(gate)
        )
        result = GateResult(gate=gate, at=self.at(hours), conditions=conditions, captures=("gate-7",), advice=advice)
        await self.do(hours, lambda one, _: judge_gate(one, result, "portalwatch", one.number))

    async def operation(self, hours: float, phase: str, name: str, seconds: float, rows: int, error: str = "") -> None:
        """A line of the portal's own log."""
        detail = {
            "name": name,
            "status": PhaseStatus.FAILED if error else PhaseStatus.COMPLETED,
            "seconds": seconds,
            "rows": rows,
            "error": error,
        }
        event = NewEvent(kind=EventKind.OPERATION, by="portal", phase=phase, source=name, detail=detail)
        await self.do(hours, lambda *_: [event])

    async def tell(self, hours: float, kind: str = "status_update") -> None:
        """Stakeholders are told."""
        delivered = {"deployment-team": "deployment-team", "it-management": "email-ops-team"}
        detail = {"kind": kind, "delivered": delivered, "failed": ["slack-alerts"]}
        event = NewEvent(kind=EventKind.MESSAGE_SENT, by="portalwatch", detail=detail)
        await self.do(hours, lambda *_: [event])

    async def watched(self, hours: float, verdict: str = "within", *degraded: str) -> None:
        """An hour of the watch."""
        detail = {
            "at": self.at(hours).isoformat(),
            "against": "before-v42",
            "verdict": verdict,
            "degraded": list(degraded),
            "reason": "",
        }
        await self.do(hours, lambda *_: [NewEvent(kind=EventKind.WATCHED, by="portalwatch", detail=detail)])


def _result(found: tuple[GateState, Sequence[str]]) -> tuple[GateState, tuple[str, ...]]:
    return found[0], tuple(found[1])


async def play_to_a_closed_gate(deployments: PostgresDeployments, end: datetime) -> Player:
    """Day 3: four phases are done, the gate after phase_4 is closed with the advice to roll back."""
    play = Player(deployments, end)
    await play.open(54)
    await play.phase("pre_migration", 53, 51.5)
    note = "restored on the standby in 41 min"
    await play.do(51.3, lambda one, _: sign_off(one, "backup_verified", passed=True, note=note, by="Bert <ops>"))
    await play.judge(51, Gate(Side.AFTER, "pre_migration"))
    await play.phase("phase_1", 50.8, 50.1)
    unsure = {Condition.COMPARISON: (GateState.INCONCLUSIVE, ["api_endpoints.irr_analysis: the samples don't decide"])}
    await play.judge(49.9, Gate(Side.AFTER, "phase_1"), unsure)
    await play.do(49.7, lambda one, now: override_gate(one, "ann", NASTY, now))
    await play.phase("phase_2", 49.4, 46)
    await play.tell(46)
    await play.judge(30, Gate(Side.AFTER, "phase_2"))
    await play.judge(29.55, Gate(Side.BEFORE, "phase_3"))
    await play.do(29.5, lambda one, now: begin_phase(one, "phase_3", "cyd", now))
    await play.operation(29.4, "phase_3", "copy_client_groups", 41, 214)
    await play.operation(29, "phase_3", "copy_portfolios", 212, 1377)
    await play.operation(22.2, "phase_3", "copy_portfolio_valuations", 24_310, 1_204_511)
    await play.do(22, lambda one, _: end_phase(one, "phase_3", PhaseStatus.COMPLETED, "cyd"))
    await play.judge(21.5, Gate(Side.AFTER, "phase_3"))
    await play.tell(21)
    await play.judge(4.45, Gate(Side.BEFORE, "phase_4"))
    await play.do(4.4, lambda one, now: begin_phase(one, "phase_4", "cyd", now))
    await play.operation(3.9, "phase_4", "create_index_owners_by_product", 31, 0)
    await play.operation(2.9, "phase_4", "create_index_valuations_by_client", 1790, 0)
    await play.do(0.9, lambda one, _: end_phase(one, "phase_4", PhaseStatus.COMPLETED, "cyd"))
    found = {
        Condition.COMPARISON: (GateState.CLOSED, [CLOSED[0], CLOSED[2]]),
        Condition.INDEXES: (GateState.CLOSED, [CLOSED[1]]),
        Condition.CACHE: (GateState.INCONCLUSIVE, ["too few blocks were read since the statistics were reset"]),
    }
    await play.judge(0.4, Gate(Side.AFTER, "phase_4"), found, ADVICE)
    await play.tell(0.3)
    return play


async def play_to_a_running_phase(deployments: PostgresDeployments, end: datetime) -> Player:
    """The same, passed by an override: phase_5 has been running for longer than expected."""
    play = await play_to_a_closed_gate(deployments, end - timedelta(hours=3))
    play.end = end
    await play.do(2.9, lambda one, now: override_gate(one, "ann", "the index comes back in phase_5", now))
    await play.judge(2.75, Gate(Side.BEFORE, "phase_5"))
    await play.do(2.7, lambda one, now: begin_phase(one, "phase_5", "cyd", now))
    return play


def rolled_back(phase: str) -> Callable[[Deployment, datetime], Iterable[NewEvent]]:
    """Somebody says that a phase was taken back."""
    return lambda one, _: end_phase(one, phase, PhaseStatus.ROLLED_BACK, "cyd")


async def play_to_a_rollback(deployments: PostgresDeployments, end: datetime) -> Player:
    """The same, and somebody decided to roll back eleven minutes ago; two phases are taken back."""
    play = await play_to_a_closed_gate(deployments, end - timedelta(hours=0.3))
    play.end = end
    await play.do(0.18, lambda one, _: decide_rollback(one, "ann", "the portal is unusable"))
    for number, name in enumerate(("phase_4", "phase_3")):
        await play.do(0.15 - number * 0.05, rolled_back(name))
    return play


async def play_to_the_recovery(deployments: PostgresDeployments, end: datetime) -> Player:
    """The rollback carried out, the recovery validated, everything closed."""
    play = await play_to_a_rollback(deployments, end - timedelta(hours=1))
    play.end = end
    for number, name in enumerate(("phase_2", "phase_1", "pre_migration")):
        await play.do(0.95 - number * 0.05, rolled_back(name))
    await play.judge(0.7, RECOVERY)
    await play.do(0.6, lambda one, now: finish_recovery(one, "ann", now))
    return play


async def play_to_the_end(deployments: PostgresDeployments, end: datetime) -> Player:
    """All phases, live, watched for seven days with two bad hours, closed."""
    play = await play_to_a_running_phase(deployments, end - timedelta(hours=176))
    play.end = end
    await play.do(175, lambda one, _: end_phase(one, "phase_5", PhaseStatus.COMPLETED, "cyd"))
    await play.judge(174.9, Gate(Side.AFTER, "phase_5"))
    await play.phase("phase_6", 174.5, 173.7)
    await play.judge(173.5, Gate(Side.AFTER, "phase_6"))
    await play.do(173.4, lambda one, now: go_live(one, "ann", now))
    for hour in range(0, 168, 3):
        bad = hour in (6, 9)
        await play.watched(173 - hour, "degraded" if bad else "within", *([SLOW] if bad else []))
    await play.do(1, lambda one, _: close(one, "ann", Outcome.SUCCEEDED, {"reason": "handed over to operations"}))
    return play
