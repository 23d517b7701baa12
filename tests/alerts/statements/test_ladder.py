"""Statements 4 to 8: the ladder is climbed on time, acknowledgements stop it for a while, and it has an end."""

import asyncio
from datetime import timedelta
from itertools import islice
from typing import Any

import asyncpg
import pytest

from alerts import AlertState, Policy, Reason, schedule
from alerts.postgres import PostgresAlerts
from alerts.postgres_outbox import PostgresOutbox
from tests.alerts.house import START, House, OpenHouse, finding, new_room
from tests.alerts.statements.test_delivery import pass_time
from thresholds.finding import Level, Rule

LADDER = (
    "slack-alerts",
    "email-ops-team",
    "slack-critical",
    "sms-on-call",
    "phone-call-escalation",
    "email-executives",
)
TIER_2, TIER_3, TIER_4 = set(LADDER[:2]), {"slack-critical", "email-ops-team", "sms-on-call"}, set(LADDER[4:])


def test_statement_04_an_acknowledgement_stops_everything_pending(open_either: OpenHouse) -> None:
    """Steps not yet due, notifications not yet sent, and those claimed and not sent: after it nothing leaves."""

    async def scenario() -> None:
        async with open_either(*LADDER) as house:
            house.sink.behaviour["email-ops-team"] = "error"
            await house.evaluate(finding(), times=3)
            await house.worker.run_once()
            [record] = await house.alerts.list_alerts([AlertState.FIRING])
            await house.alerts.acknowledge(record.alert.id, "ada")
            house.sink.behaviour.clear()
            house.sink.arrived.clear()
            await pass_time(house, 3 * 3600, 60)
            assert house.sink.arrived == []

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("level", "hours"), [(Level.WARNING, 4.0), (Level.CRITICAL, 1.0)], ids=["tier 2: 4 h", "tier 3: 1 h"]
)
def test_statement_05_an_acknowledgement_expires_and_does_not_hide_what_gets_worse(
    open_either: OpenHouse, level: Level, hours: float
) -> None:
    """It counts for its tier's time, then the alert fires and climbs again; a higher level tells at once."""

    async def scenario() -> None:
        async with open_either(*LADDER) as house:
            await house.evaluate(finding(level), times=3)
            await house.worker.run_once()
            [record] = await house.alerts.list_alerts([AlertState.FIRING])
            await house.alerts.acknowledge(record.alert.id, "ada")
            house.sink.arrived.clear()
            await house.clock.move(hours=hours, seconds=-60)
            await pass_time(house, 55)
            assert house.sink.arrived == []
            await pass_time(house, 10)
            told = TIER_2 if level is Level.WARNING else TIER_3
            assert {path for path, _ in house.sink.arrived} == told
            assert "acknowledgement by ada has expired" in house.sink.arrived[0][1]["message"]
            if level is Level.WARNING:
                [record] = await house.alerts.list_alerts([AlertState.FIRING])
                await house.alerts.acknowledge(record.alert.id, "ada")
                house.sink.arrived.clear()
                await house.evaluate(finding(Level.CRITICAL), times=3)
                await house.worker.run_once()
                assert {path for path, _ in house.sink.arrived} == TIER_3

    asyncio.run(scenario())


def test_statement_06_the_ladder_minute_by_minute_and_over_a_restart_at_every_step(
    database: str, open_house: OpenHouse
) -> None:
    """Tier 2 at once, tier 3 after 60 minutes, tier 4 after 75, then every 15: on a clock that is moved by the minute,
    by processes of which each lives for one step only; a step that nobody took in time says how late it was.
    """

    async def scenario() -> None:
        async with open_house(*LADDER) as house:
            await house.evaluate(finding(), times=3)
            started = house.clock.now()
            told: list[tuple[int, str]] = []
            for minute in range(121):
                async with asyncpg.create_pool(database, min_size=1, max_size=2) as pool:
                    await one_life(pool, house.policy, house)
                told += [(minute, path) for path, _ in house.sink.arrived]
                house.sink.arrived.clear()
                await house.clock.move(minutes=1)
            first = {path for minute, path in told if minute == 0}
            assert first == TIER_2
            assert {path for minute, path in told if minute == 60} == TIER_3
            assert sorted({minute for minute, path in told if path in TIER_4}) == [75, 90, 105, 120]
            assert {minute for minute, _ in told} == {0, 60, 75, 90, 105, 120}
            assert house.clock.now() - started == timedelta(minutes=121)
            await house.clock.move(minutes=16)
            [late] = await house.alerts.advance()
            assert late.late_seconds == pytest.approx(120, abs=60)

    asyncio.run(scenario())


async def one_life(pool: "asyncpg.Pool[asyncpg.Record]", policy: Policy, house: House) -> None:
    """What a process does that is started, finds what is due, and is gone."""
    store, outbox = PostgresAlerts(pool, policy), PostgresOutbox(pool, policy, f"life at {house.clock.now():%H:%M}")
    worker, alerts = new_room(store, outbox, policy, house.clock, house.observer)
    await alerts.advance()
    await worker.run_once()


def test_statement_07_a_step_without_recipient_advances_and_the_end_of_the_ladder_is_a_state(
    open_either: OpenHouse,
) -> None:
    """With nobody in tier 2 and 3 the first message goes to tier 4 within seconds, and the history says whom it lacked;
    unacknowledged there, the alert is exhausted and goes on repeating.
    """

    async def scenario() -> None:
        async with open_either("phone-call-escalation") as house:
            await house.evaluate(finding(), times=3)
            await pass_time(house, 10)
            assert len(house.sink.titles("phone-call-escalation")) == 1
            [record] = await house.alerts.list_alerts([AlertState.FIRING])
            missing = {one.channel for one in record.events if one.event == "no_recipient"}
            assert missing == set(LADDER) - {"phone-call-escalation"}
            await pass_time(house, 35 * 60, 60)
            [record] = await house.alerts.list_alerts([AlertState.EXHAUSTED])
            assert (await house.alerts.count()).open == {("tier_4_emergency", "exhausted"): 1}
            assert [one.event for one in record.events if one.event in ("exhausted", "reminded")] == [
                "exhausted",
                "reminded",
            ]
            assert len(house.sink.titles("phone-call-escalation")) == 3
            await house.alerts.acknowledge(record.alert.id, "ada")

    asyncio.run(scenario())


def test_statement_08_reminders_keep_to_the_wall_clock_and_the_schedule_can_be_printed(open_either: OpenHouse) -> None:
    """What the schedule says is ahead of an alert is what then happens, to the second, whatever is found meanwhile."""

    async def scenario() -> None:
        async with open_either(*LADDER) as house:
            await house.evaluate(finding(Level.CRITICAL), times=3)
            [record] = await house.alerts.list_alerts([AlertState.FIRING])
            ahead = list(islice(schedule(record.alert, house.policy), 5))
            fired_at = START + timedelta(seconds=60)
            assert [(one.at - fired_at).total_seconds() / 60 for one in ahead] == [15, 30, 45, 60, 75]
            assert [one.reason for one in ahead] == [
                Reason.ESCALATED,
                Reason.EXHAUSTED,
                Reason.REMINDED,
                Reason.REMINDED,
                Reason.REMINDED,
            ]
            happened: list[Any] = []
            while len(happened) < 5:
                happened += [
                    (house.clock.now(), one.reason, tuple(told.channel for told in one.notifications))
                    for one in await house.alerts.advance()
                    if one.is_history
                ]
                await house.alerts.record([finding(Level.CRITICAL)])
                await house.clock.move(seconds=30)
            assert [(at, reason) for at, reason, _ in happened] == [(one.at, one.reason) for one in ahead]
            assert [channels for _, _, channels in happened] == [one.channels for one in ahead]

    asyncio.run(scenario())


def test_the_support_levels_of_a_deployment_are_a_ladder(open_either: OpenHouse) -> None:
    """The deployment team at once, IT management after 30 minutes, the executives after 60."""

    async def scenario() -> None:
        async with open_either("deployment-team", "it-management", "email-executives") as house:
            await house.alerts.record(
                [finding(Level.CRITICAL, series="deployment.gate", route="deployment", rule=Rule.BASELINE)]
            )
            told: dict[str, int] = {}
            for minute in range(62):
                await pass_time(house, 60, 30)
                for path, _ in house.sink.arrived:
                    told.setdefault(path, minute)
            assert told == {"deployment-team": 0, "it-management": 30, "email-executives": 60}

    asyncio.run(scenario())
