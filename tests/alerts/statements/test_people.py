"""Statements 12, 13, 17 and 18: who answers, who watches the watchers, what is remembered, and who delivers."""

import asyncio
import re
from datetime import timedelta

import httpx
import pytest
from pydantic import SecretStr

from alerts import AlertState, LinkError, MemoryAlerts, WatchdogSettings
from alerts.channels import open_channels
from alerts.watchdog import LATE_SECONDS, Watchdog
from tests.alerts.house import House, OpenHouse, finding, sink_channel
from tests.alerts.statements.test_delivery import pass_time
from thresholds.finding import Level, Rule


class Turning:
    """The loops of a delivery, which a test stops."""

    def __init__(self) -> None:
        self.turns = True

    def is_turning(self) -> bool:
        """Whether they turn."""
        return self.turns


def test_statement_12_the_dead_man_signal_stops_when_the_delivery_does(open_house: OpenHouse) -> None:
    """It is sent while loops turn and steps are on time; not while a loop stands, nor while an escalation is more than
    a minute late, of which the watchdog's channel hears past the outbox, once; and again when all is well.
    """

    async def scenario() -> None:
        async with open_house("slack-alerts", "slack-critical") as house, httpx.AsyncClient() as client:
            settings = WatchdogSettings(
                heartbeat_url=SecretStr(f"http://127.0.0.1:{house.sink.port}/alive/secret"),
                channels=("watchdog",),
            )
            channels = open_channels({"watchdog": sink_channel(house.sink.port, "watchdog")}, house.observer)
            watchdog, loops = (
                Watchdog(settings, channels, client, clock=house.clock, observer=house.observer, instance="here"),
                Turning(),
            )

            async def look(times: int = 1) -> list[bool]:
                house.observer.beats.clear()
                for _ in range(times):
                    await watchdog.look(house.store, loops)
                    await house.clock.move(seconds=60)
                return house.observer.beats

            assert await look(3) == [True] * 3
            loops.turns = False
            assert await look(3) == []
            assert len(house.sink.titles("watchdog")) == 1
            loops.turns = True
            assert await look(1) == [True]
            await house.evaluate(finding(), times=3)
            await house.clock.move(hours=1, seconds=LATE_SECONDS)
            assert await look(3) == []
            assert house.observer.late_by[-1] > LATE_SECONDS
            assert len(house.sink.titles("watchdog")) == 2
            await house.alerts.advance()
            assert await look(1) == [True]
            assert house.observer.late_by[-1] == 0

    asyncio.run(scenario())


def link_in(house: House, channel: str) -> str:
    """The token of the link in the latest message to a channel."""
    message = [told["message"] for path, told in house.sink.arrived if path == channel][-1]
    found = re.search(r"https://watch\.example/ack/(\S+)", message)
    assert found, message
    return found[1]


def test_statement_13_a_link_acknowledges_this_occurrence_once_and_nothing_else(open_either: OpenHouse) -> None:
    """Looking at it changes nothing; using it acknowledges; used again, forged, expired or of an occurrence that has
    become worse it says why not; only its hash is kept.
    """

    async def scenario() -> None:
        async with open_either("slack-alerts", "slack-critical") as house:
            await house.evaluate(finding(), times=3)
            await house.worker.run_once()
            token = link_in(house, "slack-alerts")
            for _ in range(3):
                assert (await house.alerts.read_link(token)).used_at is None
            [record] = await house.alerts.list_alerts()
            assert record.alert.state is AlertState.FIRING
            with pytest.raises(LinkError, match="no link of ours"):
                await house.alerts.use_link(token[:-3] + "abc", "eve")
            await house.evaluate(finding(Level.CRITICAL), times=3)
            await house.worker.run_once()
            with pytest.raises(LinkError, match="nothing to acknowledge"):
                await house.alerts.use_link(token, "ada")
            worse = link_in(house, "slack-critical")
            await house.alerts.use_link(worse, "ada")
            [record] = await house.alerts.list_alerts()
            assert (record.alert.state, record.alert.acknowledged_by) == (AlertState.ACKNOWLEDGED, "ada")
            with pytest.raises(LinkError, match="used by ada"):
                await house.alerts.use_link(worse, "eve")
            await pass_time(house, 3600 + 60, 60)
            later = link_in(house, "slack-critical")
            await house.clock.move(hours=25)
            with pytest.raises(LinkError, match="expired"):
                await house.alerts.use_link(later, "ada")
            if house.pool is not None:
                kept = str(await house.pool.fetch("SELECT * FROM acknowledge_link"))
                assert later not in kept
            elif isinstance(house.store, MemoryAlerts):
                assert later not in house.store.book.to_json().decode()

    asyncio.run(scenario())


def test_statement_13_one_link_acknowledges_all_that_a_message_tells(open_either: OpenHouse) -> None:
    """The link of a message of several alerts takes them all in hand."""

    async def scenario() -> None:
        async with open_either("slack-alerts") as house:
            await house.alerts.record([finding(series=f"api_endpoints.{n}", rule=Rule.BASELINE) for n in "abc"])
            await house.worker.run_once()
            assert len(house.sink.arrived) == 1
            assert len(await house.alerts.use_link(link_in(house, "slack-alerts"), "ada")) == 3

    asyncio.run(scenario())


def test_statement_17_everything_that_happened_is_in_the_history(open_either: OpenHouse) -> None:
    """Who was told what, when, over which channel, with what outcome, and who answered, in order, of all alerts in a
    time and of one.
    """

    async def scenario() -> None:
        failing = {"fallbacks": ("sms-on-call",), "deadline_seconds": 5.0}
        async with open_either("slack-alerts", "sms-on-call", slack_alerts=failing) as house:
            started = house.clock.now()
            house.sink.behaviour["slack-alerts"] = "error"
            await house.evaluate(finding(), times=3)
            await pass_time(house, 30)
            [record] = await house.alerts.list_alerts()
            await house.alerts.acknowledge(record.alert.id, "ada")
            await house.alerts.resolve(record.alert.id, "carol")
            events = await house.alerts.history(started, house.clock.now() + timedelta(seconds=1))
            told = [(one.event, one.channel, one.by) for one in events]
            assert told[0] == ("fired", None, None)
            assert ("failed", "slack-alerts", "first") in told
            assert ("dead", "slack-alerts", "first") in told
            assert ("delivered", "sms-on-call", "first") in told
            assert told[-2:] == [("acknowledged", None, "ada"), ("resolved", None, "carol")]
            assert [one.at for one in events] == sorted(one.at for one in events)
            found = await house.alerts.find_alert(record.alert.id)
            assert found is not None
            assert list(found.events) == events
            assert "500" in next(one.detail for one in events if one.event == "failed")

    asyncio.run(scenario())


def test_statement_18_one_owner_per_alert(open_either: OpenHouse) -> None:
    """What the user's Alertmanager delivers is known here and told by nobody of ours, however long it lasts."""

    async def scenario() -> None:
        async with open_either(
            "slack-alerts", "slack-critical", handed_over={"slow_endpoints": "alertmanager"}
        ) as house:
            await house.evaluate(finding(), times=3)
            await house.evaluate(finding(series="database_queries.q", route="database_performance"), times=3)
            await pass_time(house, 2 * 3600, 300)
            told = "".join(message["message"] for _, message in house.sink.arrived)
            assert "database_queries.q" in told
            assert "api_endpoints.client_groups" not in told
            states = {one.alert.series: one.alert.state for one in await house.alerts.list_alerts()}
            assert states["api_endpoints.client_groups"] is AlertState.FIRING

    asyncio.run(scenario())
