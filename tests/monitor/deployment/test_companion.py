"""The service's part in a deployment, on a real store: what it holds back, tells, breaks, sends and closes, and that
a service that dies forgets nothing and does nothing twice."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from alerts import AlertStoreError, Matcher, Silence
from baselines import Unit
from monitor.database import store_pool
from monitor.deployment.actions import close, decide_rollback, go_live
from monitor.deployment.companion import EVERY_SECONDS
from monitor.deployment.deployment import Outcome, Stage
from monitor.deployment.event import EventKind, NewEvent
from monitor.deployment.findings import FOLLOWING, GATE, PHASE, USERS
from monitor.link import HoldBack
from tests.clocks import START
from tests.monitor.cli.stored import SERIES, made
from tests.monitor.deployment.accompanied import PLAN, PROBES, Accompanied, Service, accompanied, accompany
from tests.monitor.test_pipeline import opened as opened_pipeline
from thresholds import Finding, Level, Rule
from thresholds.deployment.gate import GateState

USERS_SERIES = "portal_usage.concurrent_users"


def critical(series: str = SERIES, *, at: float, rule: Rule = Rule.ABSOLUTE, dry_run: bool = False) -> Finding:
    """A limit that is broken, measured so many seconds after the start."""
    return Finding(
        series=series,
        route="database_performance",
        rule=rule,
        level=Level.CRITICAL,
        unit=Unit.SECONDS,
        summary=f"{series} is {1 + at / 1000:.3f} s, above its critical limit of 300 ms",
        since=START + timedelta(seconds=at),
        dry_run=dry_run,
    )


def test_a_whole_deployment(store: str, tmp_path: Path) -> None:
    """Probes pause in the phase without users, users are watched in the next, and after going live it is watched for
    seven days and closed, and its silences with it."""

    async def act(house: Accompanied) -> None:
        await house.baselines.save(made("pre-v42", 10))
        service = house.service()
        await house.look(service)
        assert service.wrong() == {}
        await house.open(PLAN)
        await house.look(service)
        assert service.held == []

        await house.begin("quiet")
        await house.look(service, times=3)
        assert {one.reason for one in service.held} == {"quiet of v42 allows no users"}
        assert await service.companion.is_quiet()
        assert await house.service().companion.is_quiet()  # before it has looked at all
        assert all(one.seconds > 3 * EVERY_SECONDS for one in service.held)
        assert len(service.held) == 2 * 3  # before something is read, which may take its time, and after
        await house.end("quiet")
        service.held.clear()
        await house.look(service, times=2)
        assert service.held == [HoldBack(0.0, "over")]
        assert not await service.companion.is_quiet()

        await house.begin("few")
        service.measured(USERS_SERIES, 3, house.clock.now())
        await house.look(service)
        assert service.wrong() == {USERS: "3 users work, few allows 2"}
        service.measured(USERS_SERIES, 2, house.clock.now())
        await house.look(service)
        assert service.wrong() == {}
        await house.look(service, seconds=3600)
        assert service.wrong()[PHASE].startswith("few runs for 1 h, ")
        await house.end("few")
        await house.look(service)
        assert service.wrong() == {}

        await house.begin_live()
        await house.look(service, seconds=3600, times=24 * 7)
        deployment = await house.now()
        assert (deployment.stage, deployment.outcome) == (Stage.FINISHED, Outcome.SUCCEEDED)
        assert [one["hour"] for one in deployment.watched] == list(range(1, 24 * 7 + 1))
        assert service.ended == ["v42"]
        assert len(house.sink.arrived) == 0  # it was over within four hours
        await house.look(service)
        assert service.exported.deployments[-1] is None

    accompany(store, tmp_path, act, **PROBES)


@pytest.mark.parametrize("always", [False, True])
def test_checks_run_while_it_is_open_and_somebody_may_work(store: str, tmp_path: Path, *, always: bool) -> None:
    """By a service that has looked, and by one that has just begun."""

    async def act(house: Accompanied) -> None:
        service = house.service()

        async def wanted() -> set[bool]:
            await house.look(service)
            return {await service.companion.wants_checks(), await house.service().companion.wants_checks()}

        assert await wanted() == {always}
        await house.open(PLAN)
        assert await wanted() == {True}
        await house.begin("quiet")
        assert await wanted() == {False}
        await house.end("quiet")
        await house.begin("few")
        assert await wanted() == {True}
        await house.do(lambda one, _: close(one, "ann", Outcome.ABANDONED, {}))
        assert await wanted() == {always}

    accompany(store, tmp_path, act, checks={"always": always})


def test_users_are_not_told_where_nobody_counts_any_more(store: str, tmp_path: Path) -> None:
    """Neither as well nor as too many: not before the first count, not when it failed, and not when it is old."""

    async def act(house: Accompanied) -> None:
        service = house.service()
        await house.open(PLAN)
        await house.begin("few")
        await house.look(service)
        assert USERS not in service.said()
        service.measured(USERS_SERIES, 5, house.clock.now())
        await house.look(service)
        assert service.said()[USERS] is Level.CRITICAL
        await house.look(service, seconds=600)
        assert USERS not in service.said()
        assert USERS in service.wrong()
        service.measured(USERS_SERIES, None, house.clock.now())
        await house.look(service)
        assert USERS not in service.said()

    accompany(store, tmp_path, act, **PROBES)


@pytest.mark.parametrize("behind_only", [False, True])
def test_limits_hold_in_every_waiting_state(store: str, tmp_path: Path, behind_only: bool) -> None:
    """Whatever gate is open while nothing runs: what is critical three times in a row breaks it, once, and it can be
    evaluated again."""
    phases = {name: one.model_copy(update={"before": ()} if behind_only else {}) for name, one in PLAN.phases.items()}
    waited: list[str] = []

    async def wait(house: Accompanied, service: Service) -> None:
        gate = await house.open_gates()
        if gate is None:
            return
        waited.append(str(gate))
        await house.look(service)
        for _ in range(3):
            assert (await house.now()).gate_state(gate, house.clock.now()) is GateState.OPEN
            service.watch.judged([critical(at=house.clock.monotonic())])
            await house.look(service)
        deployment = await house.now()
        assert deployment.gate_state(gate, house.clock.now()) is GateState.CLOSED
        assert deployment.gate_reasons(gate, house.clock.now())[0].startswith(f"while it was waiting: {SERIES}: is ")
        assert service.wrong()[GATE].startswith(f"the gate {gate} is closed")
        kinds = await house.kinds()
        await house.look(service, times=3)
        assert await house.kinds() == kinds
        service.watch.findings.clear()
        assert await house.open_gates() == gate
        await house.look(service)
        assert GATE not in service.wrong()

    async def act(house: Accompanied) -> None:
        service = house.service()
        await house.open(PLAN.model_copy(update={"phases": phases}))
        for phase in phases:
            await wait(house, service)
            await house.begin(phase)
            await house.end(phase)
        await wait(house, service)

    accompany(store, tmp_path, act)
    behind = ["after quiet", "after few", "after all"]
    assert waited == (behind if behind_only else ["before quiet", "before few", "before all", "after all"])


@pytest.mark.parametrize(
    "findings",
    [
        [critical(at=0)] * 5,
        [critical(at=0), critical(at=30), None, critical(at=90), critical(at=120)],
        [critical(at=one, rule=Rule.BASELINE) for one in range(5)],
        [critical(at=one, dry_run=True) for one in range(5)],
        [critical(PHASE, at=one) for one in range(5)],
        [critical("deployment.failed_operations", at=one) for one in range(5)],
    ],
    ids=["once", "interrupted", "baseline", "dry-run", "own", "standing"],
)
def test_what_breaks_no_gate(store: str, tmp_path: Path, findings: Sequence[Finding | None]) -> None:
    """A value that is critical once, though it stands for long; what compares, is tried out, or is of ourselves."""

    async def act(house: Accompanied) -> None:
        service = house.service()
        await house.open(PLAN)
        await house.judge()
        for one in findings:
            service.watch.findings.clear()
            if one is not None:
                service.watch.judged([one])
            await house.look(service)
        assert EventKind.GATE_BROKEN not in await house.kinds()

    accompany(store, tmp_path, act)


def test_what_somebody_overrode_does_not_break_the_gate_again(store: str, tmp_path: Path) -> None:
    """The limit is known by its series, whatever its figure is now; another one breaks it."""

    async def act(house: Accompanied) -> None:
        service = house.service()
        await house.open(PLAN)
        await house.judge(GateState.CLOSED, f"{SERIES}: is 1.5 s, above its critical limit of 300 ms")
        await house.override()
        for second in range(4):
            service.watch.judged([critical(at=second)])
            await house.look(service)
        assert EventKind.GATE_BROKEN not in await house.kinds()
        for second in range(4):
            service.watch.judged([critical("database_queries.b", at=second)])
            await house.look(service)
        assert (await house.kinds()).count(EventKind.GATE_BROKEN) == 1

    accompany(store, tmp_path, act)


def test_a_quiet_phase_beside_another_holds_probes_back_as_well(store: str, tmp_path: Path) -> None:
    """Somebody forgot to say that a phase is over, and the log began the next one."""

    async def act(house: Accompanied) -> None:
        service = house.service()
        phases = {"few": PLAN.phases["few"], "quiet": PLAN.phases["quiet"]}
        await house.open(PLAN.model_copy(update={"phases": phases}))
        await house.begin("few")
        await house.do(lambda *_: [NewEvent(kind=EventKind.PHASE_STARTED, by="migration_log", phase="quiet")])
        await house.look(service)
        assert {one.reason for one in service.held} == {"quiet of v42 allows no users"}

    accompany(store, tmp_path, act)


@pytest.mark.parametrize("phase", PLAN.phases)
def test_a_service_that_is_killed_in_a_phase_and_begins_again(store: str, tmp_path: Path, phase: str) -> None:
    """Nothing is forgotten and nothing counted twice: the phase runs since it began, its pause goes on, and what was
    late stays late; no event is added."""

    async def act(house: Accompanied) -> None:
        first = house.service()
        await house.open(PLAN)
        await house.begin(phase)
        await house.look(first)
        began = (await house.now()).phases[phase].started_at
        kinds = await house.kinds()
        house.clock.advance(3700)
        again = house.service()
        await house.look(again)
        deployment = await house.now()
        assert (deployment.phases[phase].started_at, deployment.phases[phase].attempts) == (began, 1)
        assert await house.kinds() == kinds
        assert set(again.wrong()) == {PHASE}
        assert bool(again.held) is (phase == "quiet")
        await house.end(phase)
        await house.look(again)
        assert PHASE not in again.wrong()

    accompany(store, tmp_path, act)


def test_a_service_that_is_killed_while_it_waits_or_watches(store: str, tmp_path: Path) -> None:
    """A broken gate stays broken, and an hour that was compared is not compared again."""

    async def act(house: Accompanied) -> None:
        await house.baselines.save(made("pre-v42", 10))
        first = house.service()
        await house.open(PLAN)
        await house.judge()
        for second in range(3):
            first.watch.judged([critical(at=second)])
            await house.look(first)
        again = house.service()
        await house.look(again)
        assert set(again.wrong()) == {GATE}
        await house.begin_live()
        await house.look(again, seconds=3600)
        third = house.service()
        await house.look(third, times=3)
        assert [one["hour"] for one in (await house.now()).watched] == [1]
        await house.look(third, again, seconds=3600)
        assert [one["hour"] for one in (await house.now()).watched] == [1, 2]

    accompany(store, tmp_path, act)


def test_a_watch_that_ends_while_no_service_runs_is_closed_by_the_next(store: str, tmp_path: Path) -> None:
    """By two at once, it is closed once; without a baseline to compare with, it is closed as well."""

    async def act(house: Accompanied) -> None:
        await house.open(PLAN)
        await house.begin_live()
        house.clock.advance(8 * 86400)
        services = house.service(), house.service()
        await house.look(*services)
        assert (await house.kinds())[-2:] == [EventKind.WATCHED, EventKind.FINISHED]
        assert {*services[0].ended, *services[1].ended} == {"v42"}

    accompany(store, tmp_path, act)


def test_a_rollback_ends_the_watch(store: str, tmp_path: Path) -> None:
    """Nothing is compared any more, and the time for the rollback is watched instead."""

    async def act(house: Accompanied) -> None:
        service = house.service()
        await house.open(PLAN)
        await house.begin_live()
        await house.do(lambda one, _: decide_rollback(one, "lea", "slow"))
        await house.look(service, seconds=3600 * 24 * 8)
        deployment = await house.now()
        assert (deployment.stage, deployment.watched) == (Stage.ROLLING_BACK, ())

    accompany(store, tmp_path, act)


def test_while_the_store_is_away_what_was_known_last_is_looked_after(store: str, tmp_path: Path) -> None:
    """Nothing is raised: the phase still allows nobody, so probes pause and a user is told; nothing is said of the log.
    A service that began meanwhile knows of no deployment."""

    async def act(house: Accompanied) -> None:
        await house.open(PLAN)
        await house.begin("quiet")
        async with store_pool(store) as pool:
            service = house.service(pool)
            await house.look(service)
        # From here on its pool is closed.
        service.held.clear()
        service.measured(USERS_SERIES, 1, house.clock.now())
        await house.look(service, times=2)
        assert [one.seconds > 0 for one in service.held] == [True, True]
        assert service.wrong() == {USERS: "1 users work, quiet allows none"}
        assert FOLLOWING not in service.said()
        nothing_known = house.service(pool)
        await house.look(nothing_known)
        assert (nothing_known.held, nothing_known.telling.told) == ([], [])

    accompany(store, tmp_path, act, **PROBES)


def test_what_was_wrong_ends_with_the_deployment_whoever_began_again(store: str, tmp_path: Path) -> None:
    """By the alerts themselves: they fire after three looks, and resolve although the service that knew of it is gone
    and a new one has nothing to compare with."""

    async def act() -> None:
        async with opened_pipeline(store, tmp_path) as pipeline, accompanied(store, tmp_path) as house:
            first = house.service()
            await house.open(PLAN)
            await house.begin("few")
            house.clock.advance(3700)
            for _ in range(3):
                await house.look(first)
                await pipeline.alerts.record([one.told for one in first.telling.told[-1]])
            assert await pipeline.states() == [("absolute", "firing")]
            await house.do(lambda one, _: close(one, "ann", Outcome.ABANDONED, {}))
            again: Service = house.service()
            for _ in range(2):
                await house.look(again)
                await pipeline.alerts.record([one.told for one in again.telling.told[-1]])
            assert await pipeline.states() == [("absolute", "resolved")]

    asyncio.run(act())


def test_its_silences_end_with_it_also_when_that_fails_at_first(store: str, tmp_path: Path) -> None:
    """Of real alerts: those that are bound to it, and no others. Where they can't be ended, it is not closed yet."""
    failures = [AlertStoreError("away")]

    async def act() -> None:
        async with opened_pipeline(store, tmp_path) as pipeline, accompanied(store, tmp_path) as house:
            for name, deployment in (("own", "v42"), ("other", None)):
                await pipeline.alerts.silence(
                    Silence(
                        id=name,
                        matcher=Matcher.parse("database_queries.*"),
                        starts_at=START,
                        ends_at=START + timedelta(days=30),
                        by="ann",
                        reason="the migration",
                        deployment=deployment,
                    )
                )

            async def end(name: str) -> None:
                if failures:
                    raise failures.pop()
                await pipeline.alerts.end_silences_of(name)

            service = house.service(end_silences=end)
            await house.open(PLAN)
            await house.begin_live()
            house.clock.advance(8 * 86400)
            await house.look(service)
            assert (await house.now()).stage is Stage.WATCHING
            assert len(await pipeline.alerts.list_silences()) == 2
            await house.look(service)
            assert (await house.now()).stage is Stage.FINISHED
            assert [one.id for one in await pipeline.alerts.list_silences()] == ["other"]

    asyncio.run(act())


def test_somebody_ends_the_deployment_while_a_service_looks(store: str, tmp_path: Path) -> None:
    """What it was about to keep is of no deployment any more; the next look knows."""

    async def act(house: Accompanied) -> None:
        service = house.service()
        await house.open(PLAN)
        await house.begin_live()
        looked = service.companion._watching.look

        async def ended_meanwhile(deployment: object, hour: int) -> object:
            await house.do(lambda one, _: close(one, "ann", Outcome.SUCCEEDED, {}))
            return await looked(deployment, hour)  # type: ignore[arg-type]

        service.companion._watching.look = ended_meanwhile  # type: ignore[assignment,method-assign]
        await house.look(service, seconds=3600)
        assert (await house.kinds())[-1] is EventKind.FINISHED
        await house.look(service)
        assert service.exported.deployments[-1] is None

    accompany(store, tmp_path, act)


def test_go_live_needs_its_gate(store: str, tmp_path: Path) -> None:
    """A limit that breaks before going live keeps it from doing so."""

    async def act(house: Accompanied) -> None:
        service = house.service()
        await house.open(PLAN)
        await house.complete()
        await house.judge()
        for second in range(3):
            service.watch.judged([critical(at=second)])
            await house.look(service)
        with pytest.raises(Exception, match="the gate after all is closed"):
            await house.do(lambda one, now: go_live(one, "ann", now))

    accompany(store, tmp_path, act)
