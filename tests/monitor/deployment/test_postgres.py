"""Deployments on a real store, driven by one, by two at once, and by one that dies."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

import asyncpg
import pytest

from monitor.database import store_pool
from monitor.deployment.actions import begin_phase, close, decide_rollback, end_phase, judge_gate, override_gate
from monitor.deployment.deployment import Deployment, Outcome
from monitor.deployment.event import EventKind, NewEvent
from monitor.deployment.phase import PhaseStatus
from monitor.deployment.postgres import PostgresDeployments
from monitor.errors import CannotRunError, ConfigurationError, RefusedError
from tests.clocks import START
from tests.monitor.deployment.driven import MIGRATION, PLAN, before, opening, result
from thresholds.deployment.gate import GateState

T = TypeVar("T")
LATER = START + timedelta(minutes=1)


def driving(dsn: str, action: Callable[[PostgresDeployments, PostgresDeployments], Awaitable[T]]) -> T:
    """What the action gives for two people, each with connections of their own."""

    async def run() -> T:
        async with store_pool(dsn) as one, store_pool(dsn) as other:
            return await action(PostgresDeployments(one, "test"), PostgresDeployments(other, "test"))

    return asyncio.run(run())


def kept_in(dsn: str, statement: str) -> list[asyncpg.Record]:
    """What the store answers."""

    async def run() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetch(statement)
        finally:
            await connection.close()

    return asyncio.run(run())


def judged(deployment: Deployment, by: str = "ann") -> list[NewEvent]:
    """The first gate was judged, on the deployment as it is."""
    return judge_gate(deployment, result(before("preparation")), by, deployment.number)


def begun(by: str) -> Callable[[Deployment], list[NewEvent]]:
    """The first phase begins."""
    return lambda deployment: begin_phase(deployment, "preparation", by, LATER)


def abandoned(deployment: Deployment) -> list[NewEvent]:
    """It is over."""
    return close(deployment, "ann", Outcome.ABANDONED, {})


async def outcomes(*doing: Awaitable[Deployment]) -> tuple[list[Deployment], list[str]]:
    """What came of things that were done at the same time: deployments, and what was refused in whose words."""
    done = await asyncio.gather(*doing, return_exceptions=True)
    refused = [one for one in done if isinstance(one, BaseException)]
    assert all(isinstance(one, ConfigurationError | RefusedError | CannotRunError) for one in refused), refused
    return [one for one in done if isinstance(one, Deployment)], [str(one) for one in refused]


def test_a_deployment_read_again_is_the_very_same(store: str) -> None:
    """Each change gives what anybody reads afterwards, and the phases keep the order of the plan."""

    async def drive(one: PostgresDeployments, other: PostgresDeployments) -> None:
        states = [await one.open("v42", opening(MIGRATION), START)]
        assert list(states[0].phases) == list(MIGRATION.phases)
        assert states[0].plan == MIGRATION
        assert await other.find() == states[0]
        steps: list[Callable[[Deployment], list[NewEvent]]] = [
            lambda it: judge_gate(it, result(before("pre_migration"), GateState.CLOSED, "p95: “slow”"), "ann", 1),
            lambda it: override_gate(it, "lea", "it is known", START),
            lambda it: begin_phase(it, "pre_migration", "ann", START),
            lambda it: end_phase(it, "pre_migration", PhaseStatus.FAILED, "ann"),
            lambda it: decide_rollback(it, "lea", "slow"),
            abandoned,
        ]
        for minute, step in enumerate(steps):
            states.append(await one.change(step, START + timedelta(minutes=minute)))
            assert await other.find("v42") == states[-1]
        assert [one.number for one in states] == [1, 2, 3, 4, 5, 6, 7]

    driving(store, drive)


def test_names_are_taken_and_one_is_open_at_a_time(store: str) -> None:
    """Both are told; finishing lets the next one open, under a name of its own; environments do not share."""

    async def drive(one: PostgresDeployments, other: PostgresDeployments) -> None:
        await one.open("v42", opening(), START)
        open_since = r"the deployment v42 is open since 2026-03-02 09:00 UTC; finish it first with"
        for name in ("v42", "v43"):
            with pytest.raises(ConfigurationError, match=open_since):
                await other.open(name, opening(), LATER)
        await other.change(abandoned, LATER)
        with pytest.raises(ConfigurationError, match="there was a deployment v42 already; choose another name"):
            await one.open("v42", opening(), LATER)
        assert (await one.open("v43", opening(), LATER)).name == "v43"

    driving(store, drive)

    async def elsewhere() -> str:
        async with store_pool(store) as pool:
            return (await PostgresDeployments(pool, "staging").open("v42", opening(), START)).environment

    assert asyncio.run(elsewhere()) == "staging"


def test_two_who_open_at_once_leave_one_deployment(store: str) -> None:
    """The other is told which."""

    async def drive(one: PostgresDeployments, other: PostgresDeployments) -> tuple[list[Deployment], list[str]]:
        return await outcomes(one.open("v42", opening(), START), other.open("v43", opening(by="bob"), START))

    opened, refused = driving(store, drive)
    assert len(opened) == len(refused) == 1
    assert refused[0].startswith(f"the deployment {opened[0].name} is open since")
    assert len(kept_in(store, "SELECT FROM deployment_event")) == 1


def test_two_who_begin_the_same_phase_at_once_begin_it_once(store: str) -> None:
    """Exactly one does, and the other is told who."""

    async def drive(one: PostgresDeployments, other: PostgresDeployments) -> None:
        await one.open("v42", opening(), START)
        for _ in range(10):
            await one.change(judged, START)
            begun_by, refused = await outcomes(one.change(begun("ann"), LATER), other.change(begun("bob"), LATER))
            assert len(begun_by) == 1
            winner = begun_by[0].phases["preparation"].by
            assert refused == [f"preparation is running already: {winner} began it"]
            failed = await one.change(lambda it: end_phase(it, "preparation", PhaseStatus.FAILED, "ann"), START)
        assert failed.phases["preparation"].attempts == 10

    driving(store, drive)


def test_two_judge_while_one_begins(store: str) -> None:
    """What was judged on a state that is over is refused, and who moved on is said; otherwise both are kept."""

    async def drive(one: PostgresDeployments, other: PostgresDeployments) -> None:
        seen = (await one.open("v42", opening(), START)).number
        await one.change(judged, START)

        def late(by: str) -> Callable[[Deployment], list[NewEvent]]:
            return lambda it: judge_gate(it, result(before("preparation")), by, seen)

        done, refused = await outcomes(
            one.change(late("ann"), LATER), other.change(begun("bob"), LATER), other.change(late("cid"), LATER)
        )
        told = "the gate before preparation is not due any more: bob told phase_started preparation meanwhile"
        assert set(refused) <= {told}
        assert len(done) + len(refused) == 3
        now = await one.current()
        assert now.phases["preparation"].attempts == 1
        started = next(one.number for one in now.events if one.kind is EventKind.PHASE_STARTED)
        assert all(one.number <= started for one in now.events)
        with pytest.raises(RefusedError, match=told):
            await other.change(late("cid"), LATER)

    driving(store, drive)


def test_what_was_read_from_one_source_is_kept_once(store: str) -> None:
    """Also from two connections at the same moment; what has no source is kept each time."""
    row = NewEvent(kind=EventKind.ADVISED, by="log", source="migration_log:17", detail={"action": "continue"})
    said = NewEvent(kind=EventKind.ADVISED, by="ann", detail={"action": "continue"})

    async def drive(one: PostgresDeployments, other: PostgresDeployments) -> None:
        await one.open("v42", opening(), START)
        done, refused = await outcomes(*(who.change(lambda _: [row, said], LATER) for who in (one, other) * 4))
        assert (len(done), refused) == (8, [])
        await one.change(lambda _: [row], LATER)
        now = await one.current()
        assert [each.by for each in now.events].count("log") == 1
        assert [each.by for each in now.events].count("ann") == 1 + 8
        assert [each.number for each in now.events] == list(range(1, 11))
        await one.change(abandoned, LATER)
        await one.open("v43", opening(), LATER)
        assert (await one.change(lambda _: [row], LATER)).number == 2

    driving(store, drive)


def test_what_happened_is_never_changed(store: str) -> None:
    """Neither an event, nor a deployment that has some, can be altered or taken out."""

    async def drive(one: PostgresDeployments, _: PostgresDeployments) -> None:
        await one.open("v42", opening(), START)

    driving(store, drive)
    for statement in ("UPDATE deployment_event SET by = 'eve'", "DELETE FROM deployment_event"):
        with pytest.raises(asyncpg.RaiseError, match="what happened in a deployment is append-only"):
            kept_in(store, statement)
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        kept_in(store, "DELETE FROM deployment")


def test_a_change_that_fails_keeps_nothing(store: str) -> None:
    """What decides raises, an event can't be written, or the deployment could not be read with it: all as before."""
    good = NewEvent(kind=EventKind.ADVISED, by="ann", detail={"action": "continue"})
    unwritable = NewEvent(kind=EventKind.ADVISED, by="ann", detail={"action": object()})
    unreadable = NewEvent(kind=EventKind.PHASE_STARTED, by="ann", phase="no such phase")

    async def drive(one: PostgresDeployments, other: PostgresDeployments) -> None:
        opened = await one.open("v42", opening(), START)

        def raising(_: Deployment) -> list[NewEvent]:
            raise RefusedError("no")

        with pytest.raises(RefusedError, match="no"):
            await one.change(raising, LATER)
        with pytest.raises(TypeError, match="object can't be kept"):
            await one.change(lambda _: [good, unwritable], LATER)
        with pytest.raises(KeyError):
            await one.change(lambda _: [good, unreadable], LATER)
        assert await one.change(lambda _: [], LATER) == opened
        assert await other.current() == opened
        assert (await other.change(lambda _: [good], LATER)).number == 2

    driving(store, drive)


def test_an_opening_that_fails_opens_nothing(store: str) -> None:
    """A plan that can't be read back leaves the name free."""

    async def drive(one: PostgresDeployments, _: PostgresDeployments) -> None:
        bad = NewEvent(kind=EventKind.OPENED, by="ann", detail={"plan": {}, "before": "x", "integrity": {}})
        with pytest.raises(ValueError, match="title"):
            await one.open("v42", bad, START)
        assert await one.find() is None
        await one.open("v42", opening(), START)

    driving(store, drive)


def test_without_an_open_deployment_nothing_changes(store: str) -> None:
    """Nor after the end; what to do is said."""

    async def drive(one: PostgresDeployments, other: PostgresDeployments) -> None:
        with pytest.raises(
            ConfigurationError, match="there is no deployment; begin one with `portalwatch deploy start"
        ):
            await one.current()
        with pytest.raises(ConfigurationError, match="there is no deployment v42; begin one with"):
            await one.current("v42")
        none = "no deployment is open; begin one with `portalwatch deploy start NAME`"
        with pytest.raises(ConfigurationError, match=none):
            await one.change(abandoned, LATER)
        await one.open("v42", opening(), START)
        done, refused = await outcomes(one.change(abandoned, LATER), other.change(abandoned, LATER))
        assert (len(done), refused) == (1, [none])

    driving(store, drive)


def test_without_a_name_the_open_one_is_found_else_the_last(store: str) -> None:
    """Also where several were opened at the same instant; a name finds any of them."""

    async def drive(one: PostgresDeployments, _: PostgresDeployments) -> list[str]:
        found = []
        for name in ("v42", "v41", "v43"):
            await one.open(name, opening(), START)
            found.append((await one.current()).name)
            await one.change(abandoned, START)
            found.append((await one.current()).name)
        found.append((await one.current("v42")).name)
        return found

    assert driving(store, drive) == ["v42", "v42", "v41", "v41", "v43", "v43", "v42"]


def test_one_evaluates_a_gate_at_a_time(store: str) -> None:
    """The other is told; whoever is done gives it back, also after an error; another environment has its own."""

    async def drive(one: PostgresDeployments, other: PostgresDeployments) -> None:
        async with one.alone("capturing"):
            for who in (one, other):
                with pytest.raises(CannotRunError, match="somebody else is at it right now"):
                    async with who.alone("capturing"):
                        pass
            async with store_pool(store) as pool, PostgresDeployments(pool, "staging").alone("capturing"):
                pass
        with pytest.raises(RuntimeError, match="the capture failed"):
            async with other.alone("capturing"):
                raise RuntimeError("the capture failed")
        async with one.alone("capturing"):
            pass

    driving(store, drive)


def test_the_right_to_evaluate_ends_with_its_connection(store: str) -> None:
    """Where it dies, the next one may; whoever lost it is not disturbed by giving it back."""
    kill = """SELECT pg_terminate_backend(pid, 10000) FROM pg_locks
        WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""

    async def drive(one: PostgresDeployments, other: PostgresDeployments) -> None:
        async with one.alone("capturing"):
            assert [each[0] for each in await asyncio.to_thread(kept_in, store, kill)] == [True]
            async with other.alone("capturing"):
                pass
        async with one.alone("capturing"):
            pass

    driving(store, drive)


def test_every_plan_survives_the_store(store: str) -> None:
    """With all that its phases say."""

    async def drive(one: PostgresDeployments, _: PostgresDeployments) -> None:
        for name, plan in (("a", PLAN), ("b", MIGRATION)):
            await one.open(name, opening(plan), START)
            assert (await one.current()).plan == plan
            await one.change(abandoned, START)

    driving(store, drive)
