"""Gates evaluated for real: a store, a database that is asked, captures in a burst."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import pytest

from baselines.postgres import PostgresBaselines
from baselines.postgres_ledger import PostgresLedger
from monitor.capturing import Capturing, standard_plan
from monitor.cli.progress import TerminalProgress
from monitor.clock import SystemClock
from monitor.comparing import Figures
from monitor.configuration import Configuration, load_configuration
from monitor.database import store_pool
from monitor.deployment.actions import begin_phase, end_phase, judge_gate
from monitor.deployment.deployment import Deployment
from monitor.deployment.event import EventKind, NewEvent
from monitor.deployment.gating import Gating
from monitor.deployment.phase import PhaseStatus
from monitor.deployment.postgres import PostgresDeployments
from monitor.event_loop import run
from probes import ProbeSet, series_of
from tests.monitor.cli.commands import configuration, sql_probes
from thresholds.deployment.gate import Condition, Gate, GateResult, GateState, Side
from thresholds.deployment.plan import DeploymentPlan

T = TypeVar("T")
# Ten times as slow is allowed: these tests ask what is evaluated, not how fast this machine is.
WIDE = {"database_queries.look": {"multiplier": 10}}
CAPTURE = {"sessions": 5, "samples": 5, "spacing": "burst"}


def plan(**changes: Any) -> DeploymentPlan:
    """Two phases; gates compare."""
    document = {
        "title": "t",
        "database": "db",
        "capture": CAPTURE,
        "gate": ["comparison"],
        "phases": {"a": {"title": "a", "expected": "1 h"}, "b": {"title": "b", "expected": "1 h"}},
        **changes,
    }
    return DeploymentPlan.model_validate(document)


class House:
    """A deployment that is open, and what evaluates its gates."""

    def __init__(self, configured: Configuration, pool: asyncpg.Pool) -> None:
        settings = configured.settings
        figures = Figures.load(configured, series_of(settings.probes))
        self.said: list[str] = []
        self.configured = configured
        self.deployments = PostgresDeployments(pool, settings.environment)
        self.store = PostgresBaselines(pool)
        self.ledger = PostgresLedger(pool)
        self.gating = Gating(configured, figures, pool, SystemClock(), TerminalProgress(), self.said.append)

    async def open(self, opened: DeploymentPlan) -> Deployment:
        """Held against a baseline of now."""
        settings, clock = self.configured.settings, SystemClock()
        async with ProbeSet(settings.probes, settings.targets, clock) as probes:
            capturing = Capturing(self.configured, probes, self.ledger, clock, TerminalProgress())
            await self.store.save(await capturing.capture("before", standard_plan(5, 5, quick=True)))
        answers = await self.gating.surroundings(opened).answers(opened, ())
        integrity = {name: asdict(one) for name, one in answers.items()}
        detail = {"plan": opened.model_dump(mode="json"), "before": "before", "integrity": integrity}
        return await self.deployments.open("v42", NewEvent(kind=EventKind.OPENED, by="lea", detail=detail), clock.now())

    async def judge(self) -> GateResult:
        """The gate that is due, kept as the command keeps it."""
        deployment = await self.deployments.current()
        assert deployment.due_gate is not None
        result = await self.gating.judge(deployment, deployment.due_gate)
        now = SystemClock().now()
        await self.deployments.change(lambda one: judge_gate(one, result, "lea", deployment.number), now)
        return result

    async def pass_through(self, phase: str) -> None:
        """The phase begins and is completed."""
        now = SystemClock().now()
        await self.deployments.change(lambda one: begin_phase(one, phase, "lea", now), now)
        await self.deployments.change(lambda one: end_phase(one, phase, PhaseStatus.COMPLETED, "lea"), now)


@pytest.fixture
def housed(store: str, empty_database: str, tmp_path: Path) -> Callable[[Callable[[House], Awaitable[T]]], T]:
    """What is done in a house on real databases: `db`, and `clone_old` and `clone_new` side by side."""
    sections = sql_probes(empty_database, look="SELECT pg_sleep(0.005)")
    targets: dict[str, Any] = sections["targets"]  # type: ignore[assignment]
    targets |= dict.fromkeys(("clone_old", "clone_new"), targets["db"])
    path = configuration(tmp_path, store, **{**sections, "thresholds": WIDE})

    def use(act: Callable[[House], Awaitable[T]]) -> T:
        async def acted() -> T:
            async with store_pool(store) as pool:
                return await act(House(load_configuration(path, {}), pool))

        return run(acted())

    return use


Housed = Callable[[Callable[[House], Awaitable[Any]]], Any]


def test_the_gate_before_a_phase_takes_up_the_capture_of_the_one_behind(housed: Housed) -> None:
    """It is the same system minutes later; after a phase it is another one, and is captured anew."""

    async def act(house: House) -> list[tuple[Gate, tuple[str, ...]]]:
        await house.open(plan())
        judged = []
        for phase in ("a", "b"):
            judged.append(await house.judge())
            await house.pass_through(phase)
            judged.append(await house.judge())
        assert {one.state for one in judged} == {GateState.OPEN}, judged
        return [(one.gate, one.captures) for one in judged]

    first, behind, ahead, last = housed(act)
    assert first == (Gate(Side.BEFORE, "a"), ("v42-before-a",))
    assert behind == (Gate(Side.AFTER, "a"), ("v42-after-a",))
    assert ahead == (Gate(Side.BEFORE, "b"), ("v42-after-a",))
    assert last == (Gate(Side.AFTER, "b"), ("v42-after-b",))


def test_what_a_gate_captured_is_kept_and_never_becomes_the_active_baseline(housed: Housed) -> None:
    """With advice and its evidence; a second evaluation has a name of its own."""

    async def act(house: House) -> None:
        await house.open(plan())
        result = await house.judge()
        assert result.advice is not None
        assert result.advice["action"] == "continue"
        names = [one.name for one in await house.store.summaries()]
        assert names == ["before", "v42-before-a"]
        assert await house.store.active("test") == "before"
        (condition,) = result.conditions
        assert condition.reasons == ("1 series are within their tolerance",)

    housed(act)


def test_a_rehearsal_side_by_side_is_a_condition(housed: Housed) -> None:
    """Two targets of the configuration meet in a duel, with the probes of the target that the plan names."""
    rehearsal = {"old": "clone_old", "new": "clone_new", "target": "db", "pairs": 40}

    async def act(house: House) -> GateResult:
        await house.open(plan(gate=["rehearsal"], rehearsal=rehearsal))
        return await house.judge()

    result = housed(act)
    (condition,) = result.conditions
    assert (condition.condition, result.captures) == (Condition.REHEARSAL, ())
    assert condition.state is GateState.OPEN, condition.reasons


def test_a_gate_is_evaluated_by_one_at_a_time(housed: Housed) -> None:
    """And a judgement of what has moved on meanwhile is refused, whatever was measured."""

    async def act(house: House) -> None:
        opened = await house.open(plan(gate=["indexes"]))
        gate = opened.due_gate
        assert gate is not None
        result = await house.gating.judge(opened, gate)
        now = SystemClock().now()
        await house.deployments.change(lambda one: judge_gate(one, result, "ann", opened.number), now)
        await house.deployments.change(lambda one: begin_phase(one, "a", "ann", now), now)
        with pytest.raises(Exception, match="is not due any more: ann told phase_started a meanwhile"):
            await house.deployments.change(lambda one: judge_gate(one, result, "lea", opened.number), now)

    housed(act)
