"""The room as the rest of the house sees it: minutes are moved, and what arrives is read."""

import asyncio
import subprocess
import sys

import alerts
from alerts import AlertState, Reason
from tests.alerts.house import OpenHouse, finding
from thresholds.finding import Level


def test_an_unacknowledged_warning_climbs_to_the_last_tier(open_house: OpenHouse) -> None:
    """After an hour tier 3 is told, after 15 more minutes tier 4, and a message in between goes to nobody new."""

    async def scenario() -> None:
        async with open_house("slack-alerts", "slack-critical", "phone-call-escalation") as house:
            await house.evaluate(finding(), times=3)
            told = []
            for _ in range(80):
                await house.alerts.advance()
                await house.worker.run_once()
                told.append([path for path, _ in house.sink.arrived])
                await house.clock.move(minutes=1)
            assert told[0] == told[58] == ["slack-alerts"]
            assert told[60] == told[73] == ["slack-alerts", "slack-critical"]
            assert told[75] == ["slack-alerts", "slack-critical", "phone-call-escalation"]

    asyncio.run(scenario())


def test_an_escalation_is_taken_by_whoever_comes_first_and_once(open_house: OpenHouse) -> None:
    """Of several processes that look at once, one takes the step; one that restarted finds it as it was."""

    async def scenario() -> None:
        async with open_house("slack-alerts", "slack-critical") as house:
            await house.evaluate(finding(), times=3)
            await house.clock.move(hours=1, minutes=2)
            stores = [house.another(f"instance {number}")[0] for number in range(6)]
            taken = await asyncio.gather(*(one.advance(house.clock.now()) for one in stores))
            [transition] = [one for several in taken for one in several]
            assert transition.reason is Reason.ESCALATED
            assert transition.late_seconds == 150

    asyncio.run(scenario())


def test_an_acknowledgement_stops_the_climb_until_it_expires(open_house: OpenHouse) -> None:
    """Acknowledged, a warning stays silent for four hours; then it tells its tier again."""

    async def scenario() -> None:
        async with open_house("slack-alerts", "slack-critical") as house:
            await house.evaluate(finding(), times=3)
            await house.worker.run_once()
            [record] = await house.alerts.list_alerts([AlertState.FIRING])
            await house.alerts.acknowledge(record.alert.id, "ada")
            await house.clock.move(hours=3, minutes=59)
            assert await house.alerts.advance() == []
            await house.clock.move(minutes=1)
            [transition] = await house.alerts.advance()
            assert transition.reason is Reason.REOPENED
            await house.worker.run_once()
            assert len(house.sink.titles("slack-alerts")) == 2

    asyncio.run(scenario())


def test_steps_are_taken_while_the_room_runs(open_house: OpenHouse) -> None:
    """The running room escalates by itself when its clock passes the due time."""

    async def scenario() -> None:
        async with open_house("slack-alerts", "slack-critical") as house:
            await house.evaluate(finding(), times=3)
            running = asyncio.create_task(house.alerts.run())
            await house.sink.wait_for(lambda: len(house.sink.arrived) == 1)
            await house.clock.move(hours=1)
            await house.sink.wait_for(lambda: bool(house.sink.titles("slack-critical")))
            house.alerts.drain()
            await running

    asyncio.run(scenario())


def test_everybody_who_was_told_hears_of_the_end(open_house: OpenHouse) -> None:
    """The resolved message goes to the channels of every tier that was told, with how long it lasted."""

    async def scenario() -> None:
        async with open_house("slack-alerts", "slack-critical") as house:
            await house.evaluate(finding(), times=3)
            await house.evaluate(finding(Level.CRITICAL), times=3)
            await house.worker.run_once()
            await house.evaluate(finding(Level.OK, value=0.1), times=2)
            await house.worker.run_once()
            for channel in ("slack-alerts", "slack-critical"):
                assert house.sink.titles(channel)[-1].startswith("RESOLVED")
            assert "lasted 3 min 30 s" in house.sink.arrived[-1][1]["message"]

    asyncio.run(scenario())


def test_changes_are_told_to_the_observer(open_house: OpenHouse) -> None:
    """Each change reaches the metrics, in order."""

    async def scenario() -> None:
        async with open_house("slack-alerts") as house:
            await house.evaluate(finding(), times=4)
            reasons = [reason for reason, _ in house.observer.changes]
            assert reasons == [Reason.PENDING, Reason.PENDING, Reason.FIRED, Reason.UNCHANGED]

    asyncio.run(scenario())


def test_what_is_exported_is_there() -> None:
    """Every name of `__all__` exists."""
    assert all(hasattr(alerts, name) for name in alerts.__all__)


def test_importing_the_room_needs_neither_driver_nor_apprise() -> None:
    """`import alerts` loads neither asyncpg nor Apprise."""
    check = "import alerts, sys; sys.exit(bool({'asyncpg', 'apprise'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
