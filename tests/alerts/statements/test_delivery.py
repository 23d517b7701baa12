"""Statements 1, 2, 3, 9 and 10: nothing is lost on its way, and nobody is flooded."""

import asyncio
from datetime import timedelta

import pytest

from alerts import AlertState, AlertStoreError, DeliveryState, Outcome, Scope
from tests.alerts.house import House, OpenHouse, finding
from thresholds.finding import Level, Rule


async def pass_time(house: House, seconds: int, step: int = 5) -> None:
    """Let the clock run, and everything be done that is due meanwhile."""
    for _ in range(0, seconds, step):
        await house.alerts.advance()
        await house.worker.run_once()
        await house.clock.move(seconds=step)


def test_statement_01_state_and_notifications_are_one_transaction_and_claims_are_leases(open_house: OpenHouse) -> None:
    """When a notification can't be written the state isn't either; a claim nobody confirms is taken up again when its
    lease has lapsed, and not before.
    """

    async def scenario() -> None:
        async with open_house("slack-alerts") as house:
            await house.pool.execute("ALTER TABLE notification ADD CONSTRAINT broken CHECK (channel = 'none')")
            with pytest.raises(AlertStoreError):
                await house.alerts.record([finding(rule=Rule.BASELINE)])
            assert await house.alerts.list_alerts() == []
            await house.pool.execute("ALTER TABLE notification DROP CONSTRAINT broken")
            await house.alerts.record([finding(rule=Rule.BASELINE)])
            _, dead, _ = house.another("dead")
            lease = house.clock.now() + timedelta(seconds=30)
            assert await dead.claim("slack-alerts", house.clock.now(), lease, Scope.CAUSE) is not None
            await house.clock.move(seconds=29)
            assert await house.worker.run_once() == 0
            await house.clock.move(seconds=1)
            assert await house.worker.run_once() == 1

    asyncio.run(scenario())


@pytest.mark.parametrize("behaviour", ["error", "drop", "refuse", "too_many", "drip", "hang"])
def test_statement_02_notified_means_confirmed(open_either: OpenHouse, behaviour: str) -> None:
    """Whatever a channel does other than confirm, the message is tried again with growing waits until its deadline;
    then it lies with the dead letters and falls to the next channel.
    """

    async def scenario() -> None:
        failing = {"fallbacks": ("sms-on-call",), "deadline_seconds": 60.0, "timeout_seconds": 0.3}
        async with open_either("slack-alerts", "sms-on-call", slack_alerts=failing) as house:
            house.sink.behaviour["slack-alerts"] = behaviour
            await house.alerts.record([finding(rule=Rule.BASELINE)])
            await pass_time(house, 75)
            outcomes = {outcome for channel, outcome in house.observer.attempts if channel == "slack-alerts"}
            assert outcomes
            assert Outcome.DELIVERED not in outcomes
            assert house.observer.dead == [("slack-alerts", "sms-on-call")]
            assert len(house.sink.titles("sms-on-call")) == 1

    asyncio.run(scenario())


def test_statement_03_what_fired_and_cleared_while_every_channel_was_down_is_still_told(open_either: OpenHouse) -> None:
    """With all channels of the tier and their fallbacks down for an hour, each gets one message when it is back: that
    it fired and cleared.
    """

    async def scenario() -> None:
        dead = {"fallbacks": ("sms-on-call",)}
        async with open_either("slack-alerts", "email-ops-team", "sms-on-call", slack_alerts=dead) as house:
            for channel in ("slack-alerts", "email-ops-team", "sms-on-call"):
                house.sink.behaviour[channel] = "error"
            await house.evaluate(finding(), times=3)
            await pass_time(house, 1800, 30)
            await house.evaluate(finding(Level.OK, value=0.1), times=2)
            await pass_time(house, 1800, 30)
            house.sink.behaviour.clear()
            house.sink.arrived.clear()
            await pass_time(house, 300)
            for channel in ("slack-alerts", "email-ops-team"):
                assert [one.split(":")[0] for one in house.sink.titles(channel)] == ["RESOLVED"], channel
            assert "Fired and cleared: since 2026-03-02 09:00:00 UTC" in house.sink.arrived[0][1]["message"]

    asyncio.run(scenario())


def test_statement_09_every_message_carries_the_id_and_the_sequence(open_house: OpenHouse) -> None:
    """A message that is sent again because its sender died has the same id and sequence; the next one has another."""

    async def scenario() -> None:
        async with open_house("slack-alerts") as house:
            await house.alerts.record([finding(rule=Rule.BASELINE)])
            house.sink.behaviour["slack-alerts"] = "hang"
            dying = asyncio.create_task(house.another("dying")[2].run_once())
            await house.sink.wait_for(lambda: len(house.sink.arrived) == 1)
            dying.cancel()
            house.sink.behaviour["slack-alerts"] = "ok"
            await house.clock.move(minutes=1)
            await house.worker.run_once()
            await house.alerts.record([finding(Level.OK, rule=Rule.BASELINE)])
            await house.alerts.record([finding(Level.OK, rule=Rule.BASELINE)])
            await house.worker.run_once()
            first, again, end = (message["message"].splitlines()[-1] for _, message in house.sink.arrived)
            [record] = await house.alerts.list_alerts()
            assert first.split(": http")[0] == again.split(": http")[0]
            assert f"Alert {record.alert.id}, message 1.0 (fired)" in first
            assert f"Alert {record.alert.id}, message 1.1 (resolved)" in end
            house.sink.release.set()

    asyncio.run(scenario())


def test_statement_10_what_is_throttled_is_merged_and_first_messages_overtake(open_either: OpenHouse) -> None:
    """Above its rate a channel gets one digest of all that waits, nothing is dropped; the first message of a new alert
    leaves before the digest.
    """

    async def scenario() -> None:
        slow = {"rate_limit": "2 per min"}
        async with open_either("slack-critical", slack_critical=slow) as house:
            old = [f"own_{number}.x" for number in range(6)]
            await house.evaluate(*(finding(Level.CRITICAL, series=name, route=name) for name in old), times=3)
            await pass_time(house, 30)
            assert len(house.sink.arrived) == 2  # the rate is used up; four first messages wait
            await pass_time(house, 60)
            told = "\n".join(message["message"] for _, message in house.sink.arrived)
            assert all(name in told for name in old)
            assert house.observer.digests == [("slack-critical", 4)]
            # All six end while the rate is used up, and a new one begins.
            house.sink.arrived.clear()
            well = [finding(Level.OK, series=name, route=name) for name in old]
            await house.evaluate(*well, finding(Level.CRITICAL, series="other.x", route="other", rule=Rule.BASELINE))
            await house.worker.run_once()
            await house.evaluate(*well)
            await house.alerts.record([finding(Level.CRITICAL, series="new.x", route="new", rule=Rule.BASELINE)])
            await pass_time(house, 120)
            titles = house.sink.titles("slack-critical")
            assert [title.split(":")[0] for title in titles] == ["CRITICAL", "CRITICAL", "RESOLVED"]
            assert "new.x" in titles[1]
            ended = house.sink.arrived[2][1]["message"]
            assert all(name in ended for name in old)
            for record in await house.alerts.list_alerts([AlertState.FIRING]):
                assert DeliveryState.PENDING not in [one.state for one in record.deliveries]

    asyncio.run(scenario())
