"""Messages on their way, to a real sink that misbehaves, out of a real outbox."""

import asyncio
import sys
from datetime import timedelta
from random import Random

from alerts import AlertRecord, AlertState, DeliveryState, Outcome, Scope
from alerts.delivery import FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS, retry_wait_seconds
from tests.alerts.house import START, OpenHouse, finding
from thresholds.finding import Level, Rule


def states(record: AlertRecord) -> dict[str, DeliveryState]:
    """The state of each message by its channel."""
    return {one.notification.channel: one.state for one in record.deliveries}


def test_what_fired_is_delivered(open_house: OpenHouse) -> None:
    """An alert that fires reaches every channel of its tier, once, and is noted as delivered."""

    async def scenario() -> None:
        async with open_house("slack-alerts", "email-ops-team") as house:
            await house.evaluate(finding(), times=3)
            assert await house.worker.run_once() == 2
            assert await house.worker.run_once() == 0
            [record] = await house.alerts.list_alerts()
            assert set(states(record).values()) == {DeliveryState.DELIVERED}
            assert sorted(path for path, _ in house.sink.arrived) == ["email-ops-team", "slack-alerts"]
            message = house.sink.arrived[0][1]
            assert message["type"] == "warning"
            assert f"https://watch.example/alerts/{record.alert.id}" in message["message"]

    asyncio.run(scenario())


def test_a_claim_that_is_never_confirmed_is_taken_up_again(open_house: OpenHouse) -> None:
    """What a process claimed before it died is delivered by another one once the lease lapsed, and not before."""

    async def scenario() -> None:
        async with open_house("slack-alerts") as house:
            await house.evaluate(finding(), times=3)
            _, dying, _ = house.another("dying")
            now = house.clock.now()
            claim = await dying.claim("slack-alerts", now, now + timedelta(seconds=30), Scope.CAUSE)
            assert claim is not None
            assert await house.worker.run_once() == 0
            await house.clock.move(seconds=29)
            assert await house.worker.run_once() == 0
            await house.clock.move(seconds=2)
            assert await house.worker.run_once() == 1
            assert len(house.sink.arrived) == 1
            assert not await dying.confirm(claim, house.clock.now())

    asyncio.run(scenario())


def test_a_process_killed_while_sending_loses_nothing(open_house: OpenHouse, database: str) -> None:
    """A process gets kill -9 between sending and confirming; another one sends the message again after the lease, and
    the id and sequence in both let the receiver see that they are one.
    """

    async def scenario() -> None:
        async with open_house("slack-alerts") as house:
            await house.alerts.record([finding(rule=Rule.BASELINE)])
            house.sink.behaviour["slack-alerts"] = "hang"
            life = "import asyncio, sys; from tests.alerts.house import deliver_once as live; "
            life += "asyncio.run(live(sys.argv[1], int(sys.argv[2]), sys.argv[3]))"
            child = await asyncio.create_subprocess_exec(
                sys.executable, "-W", "ignore", "-c", life, database, str(house.sink.port), "slack-alerts"
            )
            await house.sink.wait_for(lambda: bool(house.sink.arrived))
            child.kill()
            await child.wait()
            house.sink.behaviour["slack-alerts"] = "ok"
            assert await house.worker.run_once() == 0
            await house.clock.move(seconds=36)
            assert await house.worker.run_once() == 1
            [first, second] = [message["message"].splitlines()[-1] for _, message in house.sink.arrived]
            assert first == second
            [record] = await house.alerts.list_alerts()
            assert record.deliveries[0].attempts == 2

    asyncio.run(scenario())


def test_failures_are_tried_again_until_the_deadline_then_fall_to_the_fallback(open_house: OpenHouse) -> None:
    """A channel that answers 500 is tried with growing waits to its deadline; then its fallback is told, and all of
    it stands in the history.
    """

    async def scenario() -> None:
        dead = {"fallbacks": ("sms-on-call",), "deadline_seconds": 100.0}
        async with open_house("slack-alerts", "sms-on-call", slack_alerts=dead) as house:
            house.sink.behaviour["slack-alerts"] = "error"
            await house.evaluate(finding(), times=3)
            for _ in range(150):
                await house.worker.run_once()
                await house.clock.move(seconds=1)
            tried = [outcome for channel, outcome in house.observer.attempts if channel == "slack-alerts"]
            assert set(tried) == {Outcome.FAILED}
            assert 5 <= len(tried) <= 9
            assert house.observer.dead == [("slack-alerts", "sms-on-call")]
            assert house.observer.lost == []
            [record] = await house.alerts.list_alerts()
            assert states(record) == {
                "slack-alerts": DeliveryState.DEAD,
                "sms-on-call": DeliveryState.DELIVERED,
            }
            assert record.alert.channels == ("slack-alerts", "sms-on-call")
            assert [one.event for one in record.events if one.channel == "slack-alerts"][-2:] == ["failed", "dead"]
            first = record.deliveries[0]
            assert "500" in first.last_error
            assert first.fallen_at == START + timedelta(seconds=60 + 100)

    asyncio.run(scenario())


def test_a_fallback_that_is_told_anyway_passes_the_message_on(open_house: OpenHouse) -> None:
    """A dead channel whose first fallback stands in the same tier falls to the second one; nobody is told twice."""

    async def scenario() -> None:
        dead = {"fallbacks": ("email-ops-team", "sms-on-call"), "deadline_seconds": 1.0}
        async with open_house("slack-alerts", "email-ops-team", "sms-on-call", slack_alerts=dead) as house:
            house.sink.behaviour["slack-alerts"] = "error"
            await house.evaluate(finding(), times=3)
            await house.worker.run_once()
            await house.worker.run_once()
            assert house.observer.dead == [("slack-alerts", "sms-on-call")]
            assert [len(house.sink.titles(name)) for name in ("email-ops-team", "sms-on-call")] == [1, 1]

    asyncio.run(scenario())


def test_a_fallback_does_not_wait_for_the_poll(open_house: OpenHouse) -> None:
    """The channel a message falls to is woken: the clock stands still here."""

    async def scenario() -> None:
        dead = {"fallbacks": ("sms-on-call",), "deadline_seconds": 1.0}
        async with open_house("slack-alerts", "sms-on-call", slack_alerts=dead) as house:
            house.sink.behaviour["slack-alerts"] = "error"
            await house.evaluate(finding(), times=3)
            running = asyncio.create_task(house.alerts.run())
            await house.sink.wait_for(lambda: bool(house.sink.titles("sms-on-call")))
            house.alerts.drain()
            await running

    asyncio.run(scenario())


def test_a_delivery_that_outlived_its_lease_is_noted(open_house: OpenHouse) -> None:
    """A process that was frozen while sending finds that another one delivered: that is told to the observer."""

    async def scenario() -> None:
        async with open_house("slack-alerts") as house:
            await house.evaluate(finding(), times=3)
            house.sink.behaviour["slack-alerts"] = "hang"
            frozen = asyncio.create_task(house.worker.run_once())
            await house.sink.wait_for(lambda: len(house.sink.arrived) == 1)
            house.sink.behaviour["slack-alerts"] = "ok"
            await house.clock.move(seconds=36)
            assert await house.another("second")[2].run_once() == 1
            assert house.observer.lost == []
            house.sink.release.set()
            await frozen
            assert house.observer.lost == ["slack-alerts"]

    asyncio.run(scenario())


def test_an_acknowledgement_stops_what_is_pending_and_what_is_claimed(open_house: OpenHouse) -> None:
    """After an acknowledgement nothing of the alert is sent any more: not what waits, and not what a dead process had
    claimed.
    """

    async def scenario() -> None:
        async with open_house("slack-alerts", "email-ops-team") as house:
            await house.evaluate(finding(), times=3)
            now = house.clock.now()
            await house.outbox.claim("slack-alerts", now, now + timedelta(seconds=30), Scope.CAUSE)
            [record] = await house.alerts.list_alerts()
            await house.alerts.acknowledge(record.alert.id, "ada")
            await house.clock.move(minutes=5)
            assert await house.worker.run_once() == 0
            [record] = await house.alerts.list_alerts([AlertState.ACKNOWLEDGED])
            assert set(states(record).values()) == {DeliveryState.STOPPED}
            assert record.alert.escalates_at is None

    asyncio.run(scenario())


def test_a_message_that_was_out_when_somebody_acknowledged_is_noted_as_delivered(open_house: OpenHouse) -> None:
    """The history says what happened: a send that an acknowledgement could not call back was delivered."""

    async def scenario() -> None:
        async with open_house("slack-alerts") as house:
            await house.evaluate(finding(), times=3)
            now = house.clock.now()
            claim = await house.outbox.claim("slack-alerts", now, now + timedelta(seconds=30), Scope.CAUSE)
            assert claim is not None
            await house.alerts.acknowledge(claim.claims[0].alert.id, "ada")
            assert await house.outbox.confirm(claim, now)
            [record] = await house.alerts.list_alerts()
            assert states(record) == {"slack-alerts": DeliveryState.DELIVERED}

    asyncio.run(scenario())


def test_a_failed_send_after_an_acknowledgement_is_not_tried_again(open_house: OpenHouse) -> None:
    """A claim that was stopped can neither be given back nor fall to a fallback."""

    async def scenario() -> None:
        async with open_house("slack-alerts") as house:
            await house.evaluate(finding(), times=3)
            house.sink.behaviour["slack-alerts"] = "hang"
            running = asyncio.create_task(house.worker.run_once())
            await house.sink.wait_for(lambda: bool(house.sink.arrived))
            [record] = await house.alerts.list_alerts()
            await house.alerts.acknowledge(record.alert.id, "ada")
            house.sink.behaviour["slack-alerts"] = "error"
            house.sink.release.set()
            await running
            await house.clock.move(minutes=10)
            await house.worker.run_once()
            assert len(house.sink.arrived) == 1

    asyncio.run(scenario())


def test_a_hanging_channel_delays_no_other(open_house: OpenHouse) -> None:
    """While one channel hangs, the other delivers several alerts one after the other."""

    async def scenario() -> None:
        async with open_house("slack-alerts", "email-ops-team") as house:
            house.sink.behaviour["slack-alerts"] = "hang"
            running = asyncio.create_task(house.alerts.run())
            series = ["own.one", "own.two", "own.three"]
            for name in series:
                await house.alerts.record([finding(series=name, route=name, rule=Rule.BASELINE)])
            await house.sink.wait_for(lambda: len(house.sink.titles("email-ops-team")) == 3)
            assert len(house.sink.titles("slack-alerts")) == 1
            assert "slack-alerts" not in {channel for channel, _ in house.observer.attempts}
            house.sink.behaviour["slack-alerts"] = "ok"
            house.sink.release.set()
            await house.sink.wait_for(lambda: len(house.sink.titles("slack-alerts")) == 3)
            house.alerts.drain()
            await running

    asyncio.run(scenario())


def test_recording_wakes_the_delivery(open_house: OpenHouse) -> None:
    """A message leaves at once and does not wait for the poll: the clock stands still here."""

    async def scenario() -> None:
        async with open_house("slack-alerts") as house:
            running = asyncio.create_task(house.alerts.run())
            await asyncio.sleep(0.05)
            await house.alerts.record([finding(rule=Rule.BASELINE)])
            await house.sink.wait_for(lambda: bool(house.sink.arrived))
            house.alerts.drain()
            await running

    asyncio.run(scenario())


def test_draining_finishes_what_is_being_sent(open_house: OpenHouse) -> None:
    """A drained worker confirms the message that is on its way, and leaves the next one queued."""

    async def scenario() -> None:
        async with open_house("slack-alerts") as house:
            house.sink.behaviour["slack-alerts"] = "hang"
            await house.alerts.record(
                [finding(series=f"own.{n}", route=f"cause_{n}", rule=Rule.BASELINE) for n in "ab"]
            )
            running = asyncio.create_task(house.alerts.run())
            await house.sink.wait_for(lambda: bool(house.sink.arrived))
            house.alerts.drain()
            house.sink.release.set()
            await running
            records = await house.alerts.list_alerts()
            assert sorted(one.deliveries[0].state for one in records) == ["delivered", "pending"]

    asyncio.run(scenario())


def test_what_fired_and_cleared_while_the_channel_was_down_is_still_told(open_house: OpenHouse) -> None:
    """With the channel down from the first bad value to the last, one message arrives: that it fired and cleared."""

    async def scenario() -> None:
        async with open_house("slack-alerts") as house:
            house.sink.behaviour["slack-alerts"] = "drop"
            await house.evaluate(finding(), times=3)
            await house.worker.run_once()
            await house.evaluate(finding(Level.OK, value=0.1), times=2)
            await house.worker.run_once()
            house.sink.behaviour["slack-alerts"] = "ok"
            house.sink.arrived.clear()
            for _ in range(5):
                await house.clock.move(minutes=1)
                await house.worker.run_once()
            [title] = house.sink.titles("slack-alerts")
            assert title.startswith("RESOLVED")
            assert "Fired and cleared: since 2026-03-02 09:00:00 UTC" in house.sink.arrived[0][1]["message"]

    asyncio.run(scenario())


def test_the_store_being_away_does_not_end_the_loops(open_house: OpenHouse) -> None:
    """A round that fails is counted, and the next one delivers."""

    async def scenario() -> None:
        async with open_house("slack-alerts") as house:
            await house.pool.execute("ALTER TABLE notification RENAME TO away")
            running = asyncio.create_task(house.alerts.run())
            async with asyncio.timeout(10):
                while "slack-alerts" not in house.observer.failures:
                    await house.observer.failure.wait()
                    house.observer.failure.clear()
            await house.pool.execute("ALTER TABLE away RENAME TO notification")
            await house.alerts.record([finding(rule=Rule.BASELINE)])
            await house.sink.wait_for(lambda: bool(house.sink.arrived))
            house.alerts.drain()
            await running

    asyncio.run(scenario())


def test_waits_grow_and_are_jittered() -> None:
    """Each wait lies between half of the doubled first wait and all of it, up to the longest; two differ."""
    random = Random(1)
    for attempts in range(1, 40):
        longest = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** (attempts - 1))
        waits = [retry_wait_seconds(attempts, random) for _ in range(20)]
        assert all(longest / 2 <= wait <= longest for wait in waits)
        assert len(set(waits)) > 1
