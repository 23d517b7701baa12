"""Who would have been told: stored runs of findings played through a policy."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from alerts import Policy, Reason
from alerts.backtest import WouldTell, backtest
from alerts.finding_run import FindingRun, FindingRuns
from alerts.postgres_findings import PostgresFindings
from tests.alerts.house import START, OpenHouse, finding, policy_for_tests, sink_channel
from thresholds.finding import Finding, Level, Rule
from thresholds.routing import Routing

CHANNELS = ("slack-alerts", "slack-critical", "phone-call-escalation")
HALF_A_MINUTE = timedelta(seconds=30)


@pytest.fixture
def policy(routing: Routing) -> Policy:
    """The customer's tiers with one channel each."""
    return policy_for_tests(routing, {name: sink_channel(1, name) for name in CHANNELS}, {})


def found(*levels: Level, **more: Any) -> list[FindingRun]:
    """The runs of evaluations half a minute apart."""
    runs = FindingRuns()
    for number, level in enumerate(levels):
        runs.take([finding(level, **more)], START + number * HALF_A_MINUTE)
    return runs.unwritten()


def play(runs: list[FindingRun], policy: Policy, hours: float, **options: Any) -> list[WouldTell]:
    """Until so many hours after the start."""
    return asyncio.run(backtest(runs, policy, START + timedelta(hours=hours), **options))


def test_evaluations_become_runs() -> None:
    """As many consecutive evaluations at one level are a run; what is ok is none, and ends one."""
    warning, critical, well = Level.WARNING, Level.CRITICAL, Level.OK
    runs = found(warning, warning, critical, well, well, warning)
    assert [(one.level, one.evaluations, (one.started_at - START) / HALF_A_MINUTE) for one in runs] == [
        (warning, 2, 0),
        (critical, 1, 2),
        (warning, 1, 5),
    ]


def test_it_tells_what_the_alerts_told(open_house: OpenHouse) -> None:
    """Two hours of a real life, evaluation by evaluation, and the same out of its runs: the same messages at the same
    times.
    """

    async def scenario() -> None:
        async with open_house(*CHANNELS) as house:
            runs, told = FindingRuns(), list[tuple[Any, ...]]()
            levels = [*[Level.WARNING] * 2, *[Level.OK] * 3, *[Level.WARNING] * 140]
            for level in [*levels, *[Level.CRITICAL] * 40, *[Level.OK] * 10]:
                one = finding(level)
                runs.take([one], house.clock.now())
                transitions = await house.alerts.record([one]) + await house.alerts.advance()
                told += [
                    (house.clock.now(), each.reason, tuple(n.channel for n in each.notifications))
                    for each in transitions
                    if each.notifications
                ]
                await house.clock.move(seconds=30)
            played = await backtest(runs.unwritten(), house.policy, house.clock.now())
            assert [(one.at, one.reason, one.channels) for one in played] == told
            assert {one.reason for one in played} >= {Reason.FIRED, Reason.ESCALATED, Reason.RESOLVED}

    asyncio.run(scenario())


def test_another_policy_would_have_told_others(policy: Policy) -> None:
    """One that lets nobody sleep fires at the first evaluation; one whose answer comes in time never escalates."""
    runs = found(*[Level.WARNING] * 200)
    usual = play(runs, policy, 1.5)
    assert [one.reason for one in usual] == [Reason.FIRED, Reason.ESCALATED, Reason.ESCALATED]
    assert [one.channels for one in usual] == [("slack-alerts",), ("slack-critical",), ("phone-call-escalation",)]
    answered = play(runs, policy, 1.5, answered_after=timedelta(minutes=10))
    assert [one.reason for one in answered] == [Reason.FIRED]


def test_whoever_was_told_hears_of_the_end(policy: Policy) -> None:
    """An acknowledgement between stops messages, not the news that it is over."""
    runs = found(*[Level.WARNING] * 60, *[Level.OK] * 10)
    played = play(runs, policy, 1.5, answered_after=timedelta(minutes=10))
    assert [(one.reason, one.channels) for one in played] == [
        (Reason.FIRED, ("slack-alerts",)),
        (Reason.RESOLVED, ("slack-alerts",)),
    ]


def test_nothing_found_is_nobody_told(policy: Policy) -> None:
    """Two bad evaluations, and none."""
    assert play(found(Level.WARNING, Level.WARNING), policy, 2) == []
    assert play([], policy, 2) == []


def test_runs_are_kept_and_grow(store: str) -> None:
    """A run that went on is one row with what it has become; what ended before a time is forgotten."""

    async def scenario() -> None:
        async with asyncpg.create_pool(store, min_size=1) as pool:
            kept, runs = PostgresFindings(pool), FindingRuns()
            for number in range(3):
                runs.take([finding(value=0.4 + number)], START + number * HALF_A_MINUTE)
                written = runs.unwritten()
                await kept.append(written)
                runs.written(written)
            assert runs.unwritten() == []
            runs.take([finding(Level.CRITICAL, rule=Rule.AVAILABILITY)], START + timedelta(hours=2))
            await kept.append(runs.unwritten())
            first, second = await kept.between(START, START + timedelta(days=1))
            assert (first.evaluations, first.value, first.ended_at) == (3, 2.4, START + 2 * HALF_A_MINUTE)
            assert (second.level, second.rule) == (Level.CRITICAL, Rule.AVAILABILITY)
            await kept.prune(START + timedelta(hours=1))
            assert await kept.between(START, START + timedelta(days=1)) == [second]

    asyncio.run(scenario())


def test_what_grew_while_it_was_written_is_written_again() -> None:
    """An evaluation that came while the store took its time is not lost."""
    runs = FindingRuns()
    runs.take([finding()], START)
    being_written = runs.unwritten()
    runs.take([finding()], START + HALF_A_MINUTE)
    runs.written(being_written)
    [grown] = runs.unwritten()
    assert grown.evaluations == 2
    assert isinstance(grown.finding(START), Finding)
